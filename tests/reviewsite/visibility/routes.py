"""Every address of the site, taken from its URL patterns, with a value for each of their parameters."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import uuid4

from django.contrib import admin
from django.contrib.admindocs.views import simplify_regex
from django.urls import get_resolver
from django_filters import rest_framework as filters

from crowd.models import Reviewer
from jobs.models import Job
from tasks.models import Upload

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
VERBS = ("get", "post", "put", "patch", "delete")
# Addresses of the sink that `make run` shows its webhooks by, which no production site has.
NOT_OURS = ("/demo/",)
# Text before a parameter → what may stand there. Two objects of a kind: one's own and somebody else's.
VALUES: dict[str, Callable[[Any], list[Any]]] = {
    "/admin/": lambda world: ["nothing/"],
    "/admin/audits/dataset/job/": lambda world: [Job.objects.latest("pk").pk],
    "/admin/r/": lambda world: [1],
    "/admin/r/*/": lambda world: [1],
    "/accounts/reset/": lambda world: ["Mg"],
    "/accounts/reset/*/": lambda world: ["set-password"],
    "/api/annotation-history/": lambda world: [
        world.own.history.latest("pk").pk,
        world.others.history.latest("pk").pk,
    ],
    "/api/annotation-reviews/": lambda world: [world.verdict.pk, world.others.reviews.latest("pk").pk],
    "/api/annotations/": lambda world: [world.others.pk, world.rejected.pk, world.contested.pk],
    "/api/audits/datasets/": lambda world: [world.audited.pk, world.elsewhere_model.dataset_id],
    "/api/audits/models/": lambda world: [
        world.own_model.pk,
        world.others_model.pk,
        world.elsewhere_model.pk,
    ],
    "/api/audits/reports/": lambda world: _audit_reports(world),
    "/api/audits/reports/*/evidence/": lambda world: [
        model.reports.latest("pk").evidence.latest("pk").pk for model in (world.own_model, world.others_model)
    ],
    "/api/bulk-reviews/": lambda world: [world.bulk],
    "/api/comments/": lambda world: [world.comment.pk, world.others.comments.latest("pk").pk],
    "/api/corrections/": lambda world: [world.correction.pk],
    "/api/current-user/tokens/": lambda world: [1],
    "/api/dm/actions/": lambda world: ["reject_tasks_annotations"],
    "/api/dm/views/": lambda world: [world.tabs[0].pk],
    "/api/drafts/": lambda world: [world.draft.pk, world.others_draft.pk],
    "/api/import/file-upload/": lambda world: [Upload.objects.latest("pk").pk],
    "/api/imports/": lambda world: [world.imported],
    "/api/jobs/": lambda world: [Job.objects.latest("pk").pk],
    "/api/leases/": lambda world: [world.lease],
    "/api/predictions/": lambda world: [world.prediction.pk],
    "/api/projects/": lambda world: [world.project.pk],
    "/api/projects/*/exports/": lambda world: [world.export],
    "/api/projects/*/imports/": lambda world: [world.imported],
    "/api/projects/*/label-configs/": lambda world: [world.project.label_config_version_id],
    "/api/projects/*/tasks/": lambda world: [world.own.task_id],
    "/api/projects/roles/": lambda world: [world.membership(world.annotator2).pk],
    "/api/tasks/": lambda world: [world.own.task_id, world.rejected.task_id],
    "/api/tasks/*/annotations/": lambda world: [world.own.pk, world.others.pk],
    "/api/users/": lambda world: [world.reviewer.pk, world.annotator2.pk],
    "/api/users/*/tokens/": lambda world: [1],
    "/api/webhook-deliveries/": lambda world: [world.delivery],
    "/api/webhooks/": lambda world: [world.webhook.pk],
    "/audits/datasets/": lambda world: [world.audited.pk, world.elsewhere_model.dataset_id],
    "/audits/models/": lambda world: [
        world.own_model.pk,
        world.others_model.pk,
        world.elsewhere_model.pk,
    ],
    "/audits/public/": lambda world: [uuid4()],
    "/audits/reports/": lambda world: _audit_reports(world),
    "/c/": lambda world: [world.campaign.slug],
    "/c/*/media/": lambda world: ["a.png"],
    "/data/upload/": lambda world: [world.project.pk],
    "/data/upload/*/": lambda world: [Upload.objects.latest("pk").name],
    "/inbox/projects/": lambda world: [world.project.pk],
    "/jobs/": lambda world: [Job.objects.latest("pk").pk],
    "/label-studio/": lambda world: ["projects/"],
    "/projects/": lambda world: [world.project.pk],
}


def _audit_reports(world: Any) -> list[int]:
    models = (world.own_model, world.others_model, world.elsewhere_model)
    return [model.reports.latest("pk").pk for model in models]


# What follows /admin/crowd/campaign/<pk>/ and such a word.
OF_CAMPAIGN = {"block": Reviewer, "unblock": Reviewer, "report": Job, "cancel": Job, "download": Job}


@dataclass(frozen=True)
class Route:
    path: str  # with `*` for each parameter
    view: Any
    parameters: tuple[str, ...] = ()

    @property
    def verbs(self) -> set[str]:
        actions = getattr(self.view, "actions", None)
        described = getattr(self.view, "cls", None) or getattr(self.view, "view_class", None)
        if actions:
            return set(actions) & set(VERBS)
        return {"get", "post"} if described is None else {v for v in VERBS if hasattr(described, v)}

    @property
    def is_list(self) -> bool:
        return (
            "list" in getattr(self.view, "actions", {}).values()
            or hasattr(self.view, "cls")
            and "paginated" in self.path
        )

    @property
    def filterset(self) -> type[filters.FilterSet] | None:
        """Of a list."""
        return getattr(self.view.cls, "filterset_class", None) if self.is_list else None

    def addresses(self, world: Any) -> list[str]:
        """Raises KeyError naming the parameter that has no value yet."""
        pieces = self.path.split("*")
        before = ["*".join(pieces[: number + 1]) for number in range(len(pieces) - 1)]
        values = [self._values(place, world) for place in before]
        return ["".join(map(str, _woven(pieces, chosen))) for chosen in product(*values)]

    def _values(self, place: str, world: Any) -> list[Any]:
        if place in VALUES:
            return VALUES[place](world)
        # The first and the last row of what the view, or the page of the admin, is about.
        queryset = getattr(getattr(self.view, "cls", None), "queryset", None)
        model = _model_of(place) if queryset is None else queryset.model
        if model is None:
            raise KeyError(f"What stands behind {place}? Name it in {__name__}.VALUES.")
        ids = sorted(model._base_manager.values_list("pk", flat=True))
        return list(dict.fromkeys([*ids[:1], *ids[-1:]]))


def _woven(pieces: list[str], values: tuple[Any, ...]) -> Iterator[Any]:
    for piece, value in zip(pieces, [*values, ""], strict=True):
        yield from (piece, value)


def _model_of(place: str) -> Any:
    """The model of /admin/<app>/<model>/, or of a row that a page of a campaign is about."""
    if of_campaign := re.fullmatch(r"/admin/crowd/campaign/\*/(\w+)/", place):
        return OF_CAMPAIGN.get(of_campaign[1])
    named = re.fullmatch(r"/admin/(\w+)/(\w+)/", place)
    for model in admin.site._registry if named else ():
        if (model._meta.app_label, model._meta.model_name) == named.groups():
            return model
    return None


def routes() -> list[Route]:
    found = {}
    for pattern, view in _views(get_resolver().url_patterns):
        path = simplify_regex(pattern)
        if not path.startswith(NOT_OURS):
            found.setdefault(PARAMETER.sub("*", path), Route(PARAMETER.sub("*", path), view))
    return list(found.values())


def _views(patterns: Any, base: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        here = base + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _views(pattern.url_patterns, here)
        else:
            yield here, pattern.callback
