"""The page on which a person labels comments: one batch at a time, everything in one form."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from users.errors import Refused
from users.requests import parse_id

from .. import datasets, fitting, labelling
from ..models import AuditModel, Comment, Dataset, Kind, Label, ServedComment
from .page import model_page, render_page

UNSURE = "unsure"
# The number of the batch with labels that came another way, by the API: comments that were never given here.
OTHERS = 0
MAX_OTHERS = 200


@dataclass(frozen=True)
class Choice:
    value: str
    word: str
    is_removed: bool


@dataclass(frozen=True)
class Row:
    comment: Comment
    value: str  # of the label; empty if there is none yet


@model_page
def page(request: HttpRequest, model: AuditModel) -> HttpResponse:
    if model.kind == Kind.GROUP:
        return redirect("audit-model", model.pk)
    if request.method != "POST":
        return label_page(request, model)
    try:
        save(model, request.POST)
        return next_page(request, model, request.POST.get("then", ""))
    except Refused as refused:
        if request.POST.get("then") == "progress":  # label.js shows the sentence
            return HttpResponse(refused.detail, status=refused.status, content_type="text/plain")
        return label_page(request, model, refused)


def save(model: AuditModel, sent: QueryDict) -> None:
    """Only what differs from what the page showed: an older tab must not take back what another changed."""
    answers = []
    for name, value in sent.items():
        field, _separator, number = name.partition("-")
        if field == "label" and value != sent.get(f"was-{number}"):
            answers.append((parse_id(number) or 0, _parsed(str(value))))
    if answers:
        labelling.put_labels(model, answers)


def _parsed(value: str) -> int | None:
    if value == UNSURE:
        return None
    return int(value) if value.isdecimal() and len(value) < 3 else -1  # which is refused with a sentence


def next_page(request: HttpRequest, model: AuditModel, then: str) -> HttpResponse:
    """Where the button leads that was pressed: each of them saves first."""
    here = reverse("audit-label", args=[model.pk])
    if then == "progress":
        context = {"progress": labelling.progress(model), "model": model}
        return render(request, "audits/label_progress.html", context)
    if then == "fit":
        fitting.fit(model)
        return redirect("audit-model", model.pk)
    if then == "more":
        wanted = request.POST.get("topic")
        topic = datasets.topic_named(model.dataset, (parse_id(wanted) or 0) if wanted else None)
        if not labelling.next_batch(model, topic=topic):
            raise Refused(
                "all_served", _("You have seen every comment there is. Change the labels you gave.")
            )
        return redirect(here)
    if then.startswith("batch-"):
        return redirect(f"{here}?batch={parse_id(then.removeprefix('batch-')) or OTHERS}")
    messages.success(request, _("Saved."))
    return redirect(f"{here}?batch={parse_id(request.POST.get('batch')) or OTHERS}")


def label_page(request: HttpRequest, model: AuditModel, refused: Refused | None = None) -> HttpResponse:
    batches = batches_of(model)
    wanted = parse_id(request.POST.get("batch") or request.GET.get("batch"))
    batch = wanted if wanted in batches else current_batch(model, batches)
    at = batches.index(batch) if batch is not None else 0
    choices = choices_of(model.dataset)
    context: dict[str, Any] = {
        "batch": batch,
        "batch_number": at + 1,
        "batches": len(batches),
        "before": batches[at - 1] if at else None,
        "after": batches[at + 1] if at + 1 < len(batches) else None,
        "is_others": batch == OTHERS,
        "rows": rows_of(model, batch),
        "choices": choices,
        "kept": [choice.value for choice in choices if not choice.is_removed],
        "removed": [choice.value for choice in choices if choice.is_removed],
        "progress": labelling.progress(model),
        "topics": datasets.suggested_topics(model.dataset) if model.kind == Kind.PERSONAL else [],
        "refusal": refused,
    }
    status = refused.status if refused else 200
    return render_page(request, "label", context, step="label", model=model, status=status)


def batches_of(model: AuditModel) -> list[int]:
    served = ServedComment.objects.filter(model=model)
    numbers = list(served.order_by("batch").values_list("batch", flat=True).distinct())
    has_others = Label.objects.filter(model=model).exclude(comment__in=served.values("comment")).exists()
    return [OTHERS, *numbers] if has_others else numbers


def current_batch(model: AuditModel, batches: list[int]) -> int | None:
    """The first with a comment that has no label, or the last."""
    answered = Label.objects.filter(model=model).values("comment")
    is_open = ServedComment.objects.filter(model=model).exclude(comment__in=answered)
    first = is_open.order_by("batch").values_list("batch", flat=True).first()
    return first or (batches[-1] if batches else None)


def rows_of(model: AuditModel, batch: int | None) -> list[Row]:
    labels = dict(Label.objects.filter(model=model).values_list("comment_id", "value"))
    served = ServedComment.objects.filter(model=model)
    if batch == OTHERS:
        known = set(served.values_list("comment_id", flat=True))
        ids = sorted(labels.keys() - known)[:MAX_OTHERS]
    else:
        ids = list(served.filter(batch=batch).order_by("pk").values_list("comment_id", flat=True))
    comments = Comment.objects.in_bulk(ids)
    return [Row(comments[pk], _shown(labels, pk)) for pk in ids]


def _shown(labels: dict[int, int | None], pk: int) -> str:
    if pk not in labels:
        return ""
    return UNSURE if labels[pk] is None else str(labels[pk])


def choices_of(dataset: Dataset) -> list[Choice]:
    """Every step of the scale with its word, and on which side of the threshold it is."""
    words = [""] * (dataset.scale_max + 1)
    words[0], words[-1] = _("not at all"), _("extremely")
    if dataset.scale_max == 4:
        words[1:4] = _("slightly"), _("somewhat"), _("very")
    return [Choice(str(value), word, value >= dataset.threshold) for value, word in enumerate(words)]
