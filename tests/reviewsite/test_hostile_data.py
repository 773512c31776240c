"""Whatever the database holds, every page, list, detail and export answers, and the queue goes on."""

import json
import re
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.core.signals import got_request_exception
from django.db import connection, models, transaction
from django.test import Client

from audits.models import AuditModel, Dataset, Report
from crowd.models import Campaign, Reviewer
from exchange.exporting.formats import FORMATS
from exchange.models import Export
from jobs.models import Job
from reviews.models import Comment, Review
from tasks.models import (
    Annotation,
    Draft,
    History,
    Import,
    LabelConfigVersion,
    Prediction,
    Project,
    Task,
    Upload,
    View,
)
from tests import copied, hostile, routes
from tests.factories import CHOICES, House, browser_of, client_of, result
from users.models import User
from webhooks.models import Delivery, Webhook

# What an address names, by the part before the id.
NAMED: dict[str, Any] = {
    "annotation-history": History,
    "annotation-reviews": Review,
    "annotations": Annotation,
    "block": Reviewer,
    "campaign": Campaign,
    "cancel": Job,
    "dataset": Dataset,
    "datasets": Dataset,
    "comments": Comment,
    "download": Job,
    "drafts": Draft,
    "exports": Export,
    "file-upload": Upload,
    "imports": Import,
    "job": Job,
    "jobs": Job,
    "label-configs": LabelConfigVersion,
    "models": AuditModel,
    "predictions": Prediction,
    "public": ["00000000-0000-4000-8000-000000000000"],
    "projects": Project,
    "reports": Report,
    "report": Job,
    "tasks": Task,
    "unblock": Reviewer,
    "user": User,
    "users": User,
    "views": View,
    "webhook": Webhook,
    "webhook-deliveries": Delivery,
    "webhooks": Webhook,
    "actions": ["accept_tasks_annotations", "reject_tasks_annotations", "predictions_to_annotations"],
    "label-studio": ["projects"],
    "c": ["hostile"],
}
# The schema, files as they are, forms with a code from a mail, and what would end the session.
NOT_WALKED = (
    "api/schema/", "data/upload/", "c/<slug>/media/",
    "accounts/reset/", "admin/<", "admin/r/", "admin/logout/", "accounts/logout/", "accounts/oidc", "demo/"
)  # fmt: skip
# These are 400 without `?project=`.
NEED_A_PROJECT = {
    "api/dm/actions/",
    "api/dm/actions/<action_id>/form/",
    "api/dm/columns/",
    "api/dm/project/",
}
NESTED = 30  # addresses of one template
# Each run tries the first part of the rows, and `make test ARGS="-m slow"` the others.
PARTS = 3
in_parts = pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in range(1, PARTS))]
)

pytestmark = pytest.mark.timeout(400)  # thousands of requests


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker) -> copied.Made:
    with django_db_blocker.unblock():
        return copied.made(hostile.build_house)


@pytest.fixture
def house(made, db) -> House:
    with connection.cursor() as cursor:
        # Rows that are outdated when they are inserted are no business of the triggers.
        cursor.execute("SET LOCAL session_replication_role = replica")
        house = made.anew()
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    return house


class Walk:
    """Requests as one person. Each is undone, and what fails is collected."""

    def __init__(self, user: User):
        self.browser: Client = browser_of(user)
        self.browser.raise_request_exception = False
        self.failed: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.asked = 0
        self.why = ""
        got_request_exception.connect(self._note)

    def _note(self, **said: Any) -> None:
        error = sys.exc_info()[1]
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if ".venv" not in frame.filename]
        where = " < ".join(
            f"{frame.filename.split('content/')[-1]}:{frame.lineno}" for frame in ours[::-1][:3]
        )
        self.why = f"{error!r:.150} at {where}"

    def _no_json(self, word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    def __call__(self, template: str, path: str, method: str = "get", body: Any = None) -> Any:
        self.asked += 1
        with transaction.atomic():
            send: Callable = getattr(self.browser, method)
            answer = send(path) if body is None else send(path, body, content_type="application/json")
            try:
                if answer.streaming:
                    b"".join(answer.streaming_content)
            except Exception as error:
                self.failed[f"{method} {template}: {error!r}"[:500]] += 1
            if "json" in answer.get("Content-Type", "") and not answer.streaming:
                json.loads(answer.content, parse_constant=self._no_json)
            if answer.status_code == 400:
                self.refused.add(template)
            if answer.status_code >= 500 and answer.status_code != 503:
                self.failed[f"{method} {template}: {answer.status_code} {self.why}"] += 1
            transaction.set_rollback(True)
        return answer


def addresses(template: str, part: int) -> Iterator[str]:
    """The template with each id of this part; of nested ones those of the first parents."""
    parts = template.split("/")
    choices = []
    for before, word in zip(["", *parts], parts, strict=False):
        if not re.fullmatch(r"<\w+>", word):
            choices.append([word])
        elif word == "<object_id>":
            choices.append(_ids(apps.get_model(*parts[1:3])))
        else:
            assert before in NAMED, f"Say in NAMED what {word} after {before}/ is, for {template}"
            named = NAMED[before]
            choices.append(named if isinstance(named, list) else _ids(named))
    found = list(islice(product(*choices), NESTED))
    for chosen in found if len(found) == 1 else found[part::PARTS]:
        yield "/" + "/".join(map(str, chosen))


def _ids(model: type[models.Model]) -> list[Any]:
    """Of the newest rows so many that each value is among them."""
    most = max([2, *(len(worst) for _, _, worst in hostile.columns(model))])
    return list(model._base_manager.order_by("-pk").values_list("pk", flat=True)[:most])


def templates(part: str) -> list[str]:
    is_admin = part == "admin"
    found = [
        t for t in routes.readable() if t.startswith("admin/") == is_admin and not t.startswith(NOT_WALKED)
    ]
    # Of a row in the admin its own page; the others redirect to it, or show less.
    return [t for t in found if "<object_id>" not in t or t.endswith("/change/")]


@in_parts
@pytest.mark.parametrize("who", ["lead", "reviewer", pytest.param("annotator", marks=pytest.mark.slow)])
def test_every_address_answers(house, who, part):
    walk = Walk(getattr(house, who))

    for template in templates("site"):
        for address in addresses(template, part):
            walk(template, address)

    assert not walk.failed, "\n".join(walk.failed)
    # One row that cannot be read must not refuse a list, either.
    assert walk.refused <= NEED_A_PROJECT
    assert walk.asked > 100


@in_parts
def test_every_page_of_the_admin_answers(house, part):
    walk = Walk(house.admin)

    for template in templates("admin"):
        for address in addresses(template, part):
            walk(template, address)

    assert not walk.failed, "\n".join(walk.failed)


VERDICTS: dict[str, Any] = {
    "accept/": {},
    "reject/": {"reject_action": "requeue"},
    "fix-and-accept/": {"result": result("C")},
    "reopen/": {},
    "contest/": {"reason": "It is right"},
    "convert-to-draft/": {},
}
BY_AUTHOR = ("contest/", "convert-to-draft/")


@in_parts
def test_every_act_on_an_annotation_answers(house, part):
    reviewer, annotator = Walk(house.reviewer), Walk(house.annotator)

    for pk in _ids(Annotation)[part::PARTS]:
        for verb, body in VERDICTS.items():
            walk = annotator if verb in BY_AUTHOR else reviewer
            walk(verb, f"/api/annotations/{pk}/{verb}", "post", body)
        for changes in ({"lead_time": 3}, {"result": result("C")}, {"was_cancelled": True}):
            reviewer(f"PATCH {list(changes)}", f"/api/annotations/{pk}/", "patch", changes)

    assert not (failed := reviewer.failed + annotator.failed), "\n".join(failed)


@in_parts
def test_every_act_on_other_rows_answers(house, part):
    walk, project = Walk(house.lead), f"project={house.project.pk}"

    for pk in _ids(Task)[part::PARTS]:
        walk("task", f"/api/tasks/{pk}/", "patch", {"data": {"text": "new"}})
        walk("close", f"/api/tasks/{pk}/close/", "post", {"because": "done"})
        walk("delete", f"/api/tasks/{pk}/", "delete")
    for model, path, body in (
        (Prediction, "predictions", {"result": []}),
        (Comment, "comments", {"text": "new"}),
        (View, "dm/views", {"data": {"title": "new"}}),
    ):
        for pk in _ids(model)[part::PARTS]:
            walk(path, f"/api/{path}/{pk}/?{project}", "patch", body)
            walk(f"DELETE {path}", f"/api/{path}/{pk}/?{project}", "delete")
    for pk in _ids(Review)[part::PARTS]:
        walk("undo", f"/api/annotation-reviews/{pk}/", "delete")
        walk("change", f"/api/annotation-reviews/{pk}/", "patch", {"accepted": True, "result": result("C")})
    everything = {"selectedItems": {"all": True, "excluded": []}}
    for name in NAMED["actions"] + ["remove_duplicates", "delete_tasks", "delete_tasks_reviews"]:
        walk(name, f"/api/dm/actions/?id={name}&{project}", "post", everything)
    for changes in ({"title": "New title"}, {"label_config": CHOICES}, {"review_criteria": "all"}):
        walk(f"PATCH {list(changes)}", f"/api/projects/{house.project.pk}/", "patch", changes)
    walk("validate", f"/api/projects/{house.project.pk}/validate/", "post", {"label_config": CHOICES})

    assert not walk.failed, "\n".join(walk.failed)


@in_parts
def test_every_filter_order_and_format_answers(house, part):
    # Conditions are evaluated over all rows; that each can be shown is the business of the other walks.
    walk, project = Walk(house.lead), f"/api/tasks/?project={house.project.pk}&page_size=1&query="
    columns = walk("columns", f"/api/dm/columns/?project={house.project.pk}").json()["columns"]
    kinds = {column["id"]: column["type"] for column in columns if column.get("parent") != "data"}
    kinds |= {"data.text": "String", "data.image": "Number"}

    for name, kind in list(kinds.items())[part::PARTS]:
        for operator, value in OPERATORS.get(kind, TEXT).items():
            item = {"filter": f"filter:tasks:{name}", "type": kind, "operator": operator, "value": value}
            walk(f"filter {name}", project + quote(json.dumps({"filters": {"items": [item]}})))
        walk(f"order {name}", project + quote(json.dumps({"ordering": [f"tasks:-{name}"]})))
    for name in list(FORMATS)[part::PARTS]:
        for more in ("&only=final", "&download_all_tasks=true"):
            walk(name, f"/api/projects/{house.project.pk}/export/?exportType={name}{more}")
    walk("changed", f"/api/projects/{house.project.pk}/export/?changed_since=2000-01-01T00:00:00Z")

    assert not walk.failed, "\n".join(walk.failed)


TEXT = {"equal": "5", "contains": "a", "regex": "a+", "empty": "true"}
NUMBER = {"equal": 5, "greater": 7, "in": {"min": 0, "max": 1e300}}
OPERATORS: dict[str, dict[str, Any]] = {
    "Number": NUMBER,
    "Datetime": {"less": "2020-01-01T00:00:00Z", "empty": "false"},
    "Boolean": {"equal": "true"},
    "List": TEXT,
}


def test_the_queue_hands_out_everything_that_waits(house):
    client = client_of(house.reviewer)
    at = f"/api/projects/{house.project.pk}/review-queue/next/?queue=review"
    seen: list[int] = []

    while (item := client.get(at).json()).get("annotation"):
        assert item["lease"], item["annotation"]["id"]
        seen.append(item["annotation"]["id"])
        assert client.post(f"/api/annotations/{seen[-1]}/accept/").status_code == 200

    assert len(seen) == len(set(seen)) >= len(hostile.RESULTS)


def test_the_plain_page_shows_everything_that_waits(house):
    browser = browser_of(house.reviewer)
    at = f"/projects/{house.project.pk}/review/?plain=1"
    seen = set()

    for _ in hostile.RESULTS:
        page = browser.get(at)
        assert page.status_code == 200
        annotation = page.context["annotation"]
        seen.add(annotation.pk)
        browser.post(at, {"action": "accept", "annotation": annotation.pk, "seq": annotation.annotation_seq})

    assert len(seen) == len(hostile.RESULTS)


@pytest.mark.parametrize("xml", hostile.UNREADABLE_CONFIGS, ids=lambda xml: xml[:10].strip() or "empty")
def test_a_label_configuration_that_cannot_be_read_stops_nothing(house, xml):
    Project.objects.filter(pk=house.project.pk).update(label_config=xml)
    walk, pk = Walk(house.lead), house.project.pk

    for path in (
        "api/projects/",
        "api/annotations/?page_size=5",
        f"api/projects/{pk}/",
        f"api/projects/{pk}/export/?exportType=CSV",
        f"api/projects/{pk}/review-queue/next/",
        f"api/projects/{pk}/editor-options/",
        f"api/dm/columns/?project={pk}",
        f"api/tasks/?project={pk}&fields=all&page_size=5",
        f"projects/{pk}/review/?plain=1",
        f"projects/{pk}/label/",
        f"admin/tasks/project/{pk}/change/",
    ):
        walk(path, f"/{path}")
    walk("change", f"/api/projects/{pk}/", "patch", {"label_config": CHOICES})
    walk("import", f"/api/projects/{pk}/import/", "post", [{"text": "a"}])

    assert not walk.failed, "\n".join(walk.failed)
