"""Making a model, and what one has learned: how well it knows its person, and apart from that how far the
system is from it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from users.errors import Refused
from users.models import User
from users.requests import parse_id, user_of

from .. import audit_models, charts, datasets, fitting, groups, labelling
from ..models import AuditModel, Dataset, Kind, Topic
from .page import dataset_page, model_page, render_page

VERSIONS = 20  # on one page


@dataset_page
def new(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    if request.method != "POST":
        return new_page(request, dataset, request.GET.dict())
    try:
        return made(request, dataset, request.POST.dict())
    except Refused as refused:
        return new_page(request, dataset, request.POST.dict(), refused)


def made(request: HttpRequest, dataset: Dataset, sent: dict[str, str]) -> HttpResponse:
    """The new model with its first comments to label; of a group with what it has learned."""
    user, kind = user_of(request), sent.get("kind", Kind.PERSONAL)
    with transaction.atomic():
        model = audit_models.create(
            dataset,
            actor=user,
            name=sent.get("name") or audit_models.suggest_name(dataset, user),
            kind=kind,
            parent=_parent(user, dataset, sent) if kind == Kind.TOPIC else None,
            topic=_topic(dataset, sent) if kind == Kind.TOPIC else None,
            filters=_filters(sent) if kind == Kind.GROUP else None,
        )
        if kind == Kind.GROUP:
            fitting.fit(model)
        else:
            labelling.next_batch(model)
    return redirect("audit-model" if kind == Kind.GROUP else "audit-label", model.pk)


def _parent(user: User, dataset: Dataset, sent: dict[str, str]) -> AuditModel | None:
    return _personal(user, dataset).filter(pk=parse_id(sent.get("parent"))).first()


def _topic(dataset: Dataset, sent: dict[str, str]) -> Topic | None:
    return Topic.objects.filter(dataset=dataset, pk=parse_id(sent.get("topic"))).first()


def _filters(sent: dict[str, str]) -> dict[str, str]:
    return {name: sent[name] for name in groups.LOOKUPS if sent.get(name)}


def _personal(user: User, dataset: Dataset) -> Any:
    return AuditModel.objects.visible_to(user).filter(dataset=dataset, kind=Kind.PERSONAL)


def new_page(
    request: HttpRequest, dataset: Dataset, sent: dict[str, str], refused: Refused | None = None
) -> HttpResponse:
    user, kind = user_of(request), sent.get("kind")
    kind = kind if kind in Kind.values else Kind.PERSONAL
    context: dict[str, Any] = {
        "kind": kind,
        "kinds": _kinds(),
        "sent": sent,
        "name": sent.get("name") or audit_models.suggest_name(dataset, user),
        "refusal": refused,
    }
    if kind == Kind.TOPIC:
        context["parents"] = _personal(user, dataset)
        context["topics"] = datasets.suggested_topics(dataset, is_tuning=True)
    if kind == Kind.GROUP:
        context["filters"] = _selects(dataset, sent)
        context["size"] = groups.group_size(dataset, chosen) if (chosen := _filters(sent)) else None
    status = refused.status if refused else 200
    return render_page(request, "new_model", context, step="explore", dataset=dataset, status=status)


def _kinds() -> list[tuple[str, str]]:
    return [
        (Kind.PERSONAL, _("Of my own labels")),
        (Kind.TOPIC, _("Mine, for one topic")),
        (Kind.GROUP, _("Of a group of people")),
    ]


def _selects(dataset: Dataset, sent: dict[str, str]) -> list[dict[str, Any]]:
    labels = {
        "gender": _("Gender"),
        "politics": _("Politics"),
        "religion": _("Religion"),
        "lgbtq": _("LGBTQ+"),
        "race": _("Race"),
    }
    values = datasets.demographics(dataset)
    return [
        {"name": name, "label": labels[name], "values": values[name], "chosen": sent.get(name, "")}
        for name in groups.LOOKUPS
        if values[name]
    ]


@model_page
def page(request: HttpRequest, model: AuditModel) -> HttpResponse:
    if request.method != "POST":
        return model_result(request, model)
    try:
        return changed(request, model)
    except Refused as refused:
        return model_result(request, model, refused)


def changed(request: HttpRequest, model: AuditModel) -> HttpResponse:
    action = request.POST.get("action", "fit")
    if action == "delete":
        audit_models.delete(model)
        messages.success(request, _("{name} is deleted.").format(name=model.name))
        return redirect("audit-dataset", model.dataset_id)
    if action == "rename":
        audit_models.rename(model, request.POST.get("name", ""))
        messages.success(request, _("Saved."))
    if action == "fit":
        version = fitting.fit(model)
        messages.success(request, _("Version {number} is ready.").format(number=version.number))
    return redirect("audit-model", model.pk)


def model_result(request: HttpRequest, model: AuditModel, refused: Refused | None = None) -> HttpResponse:
    dataset = model.dataset
    shown = Paginator(fitting.versions(model), VERSIONS).get_page(request.GET.get("page"))
    rows = [(version, fitting.grade(version.fit_error, dataset)) for version in shown]
    plot = charts.fit_plot(fitting.versions(model), dataset)
    newest = plot.points[-1].version if plot else None
    context = {
        "version": newest,
        "grade": fitting.grade(newest.fit_error, dataset) if newest else "",
        "lower": -newest.avg_diff if newest and newest.avg_diff else None,
        "page": shown,
        "rows": rows,
        "plot": plot,
        "progress": None if model.kind == Kind.GROUP else labelling.progress(model),
        "is_outdated": newest
        and labelling.labels_of(model).filter(changed_at__gt=newest.created_at).exists(),
        "refusal": refused,
    }
    status = refused.status if refused else 200
    return render_page(request, "model", context, step="model", model=model, status=status)
