"""Comments of a topic, of a search or by their ids: what the system says, and the model; and from here into a
report."""

import re
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from users.errors import Refused
from users.requests import parse_id, user_of

from .. import charts, fitting, reports, results
from ..datasets import not_found, topic_named
from ..maths.formulas import ErrorType
from ..models import AuditModel, Dataset, Report, Topic, Version
from ..results import Query
from .page import dataset_page, model_page, render_page
from .topics import Column, choice, newest, person_of

PAGE_SIZE = 25
MAX_IDS_SHOWN = 500
ASKED = ("topic", "q", "ids", "error_type", "ordering")
NEW = "new"  # as the report to add evidence to


@dataset_page
def of_dataset(request: HttpRequest, dataset: Dataset) -> HttpResponse:
    found = context(request, dataset, None)
    found["topics_url"] = reverse("audit-dataset-topics", args=[dataset.pk])
    status = found["refusal"].status if found["refusal"] else 200
    return render_page(request, "comments", found, step="explore", dataset=dataset, status=status)


@model_page
def of_model(request: HttpRequest, model: AuditModel) -> HttpResponse:
    """POST adds the chosen `comment`s as evidence to `report`, and comes back to the same list."""
    not_added = None
    if request.method == "POST":
        try:
            return add_evidence(request, model)
        except Refused as refused:
            if refused.status == 404:
                raise
            not_added = refused
    found = context(request, model.dataset, newest(model))
    reports_of_model = list(Report.objects.filter(model=model))
    report = request.POST.get("report") or request.GET.get("report", "")
    found |= {
        "topics_url": reverse("audit-topics", args=[model.pk]),
        "reports": reports_of_model,
        "report": report,
        "chosen_report": next((one for one in reports_of_model if str(one.pk) == report), None),
        "chosen": request.POST.getlist("comment"),
        "not_added": not_added,
    }
    refused = not_added or found["refusal"]
    status = refused.status if refused else 200
    return render_page(request, "comments", found, step="comments", model=model, status=status)


def add_evidence(request: HttpRequest, model: AuditModel) -> HttpResponse:
    """With the predictions of the version that the person saw."""
    user, wanted = user_of(request), request.POST.get("report", "")
    chosen = [parse_id(text) or 0 for text in request.POST.getlist("comment")]
    seen = parse_id(request.POST.get("version"))
    version = fitting.require_version(model, seen) if seen else None
    with transaction.atomic():
        if wanted == NEW:
            report = reports.create(model, actor=user)
        else:
            report = reports.get_visible(user, parse_id(wanted) or 0)
            if report.model_id != model.pk:
                raise not_found()
        added = reports.add_evidence(report, chosen, actor=user, version=version)
    sentence = ngettext("{n} comment is evidence now.", "{n} comments are evidence now.", len(added))
    messages.success(request, sentence.format(n=len(added)))
    address = request.GET.copy()
    address["report"] = str(report.pk)
    return redirect(f"{request.path}?{address.urlencode()}#evidence")


def context(request: HttpRequest, dataset: Dataset, version: Version | None) -> dict[str, Any]:
    """What is asked for is in the address: `topic`, `q`, `ids`, `error_type`, `ordering`, `page`. A refusal
    is shown in the form, so that it can be put right."""
    kind = version.model.kind if version else None
    asked = {
        "version": version,
        "person": person_of(kind),
        "topics": Topic.objects.filter(dataset=dataset).order_by("label"),
        "values": {name: request.GET.get(name, "") for name in ASKED},
        "refusal": None,
    }
    try:
        query = query_of(request, dataset, version)
        found = results.select(dataset, version, query)
    except Refused as refused:
        return asked | {"refusal": refused}
    page = Paginator(range(len(found)), PAGE_SIZE).get_page(request.GET.get("page"))
    ordering = query.ordering or ("-difference" if version else "-system")
    return asked | {
        "topic": query.topic,
        "found": found,
        "ids_found": ", ".join(map(str, found.ids[:MAX_IDS_SHOWN].tolist())),
        "ids_missing": sorted(set(query.ids) - set(found.ids.tolist())),
        "picture": charts.histogram(found.sample()),
        "verdicts": charts.verdicts(found),
        "page": page,
        "rows": found.rows(max(page.start_index() - 1, 0), PAGE_SIZE),
        "columns": {name: Column(name, head, ordering) for name, head in heads(kind)},
    }


def query_of(request: HttpRequest, dataset: Dataset, version: Version | None) -> Query:
    return Query(
        topic=topic_of(request, dataset),
        q=request.GET.get("q", "").strip(),
        error_type=choice(request, "error_type", ErrorType) if version else None,
        ids=ids_of(request.GET.get("ids", "")),
        ordering=request.GET.get("ordering") or None,
    )


def heads(kind: str | None) -> list[tuple[str, str]]:
    """Of what the table can be sorted by."""
    sorted_by = [("id", _("Comment")), ("system", _("System"))]
    if kind:
        sorted_by += [("predicted", person_of(kind)), ("difference", _("Difference"))]
    return sorted_by


def topic_of(request: HttpRequest, dataset: Dataset) -> Topic | None:
    text = request.GET.get("topic")
    return topic_named(dataset, (parse_id(text) or 0) if text else None)


def ids_of(text: str) -> list[int]:
    """Written by hand, between commas, spaces or lines."""
    words = [word.removeprefix("#") for word in re.split(r"[\s,;]+", text) if word]
    ids = [parse_id(word) for word in words]
    if None in ids:
        wrong = words[ids.index(None)]
        raise Refused("invalid_ids", _("“{id}” is no id of a comment.").format(id=wrong[:40]), field="ids")
    return list(dict.fromkeys(pk for pk in ids if pk is not None))
