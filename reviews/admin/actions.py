"""Review actions on a selection: through the service, project by project, with a report of what was
refused and why.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tasks.admin.base import selected
from tasks.admin.show import link_to
from tasks.choices import RejectAction
from tasks.errors import Refused
from tasks.models import Annotation
from users.admin.base import signed_in

from .. import final_picks
from ..decisions.request import RETURN_TO_ANYONE
from ..service import AnnotationReviewService, Report

LISTED_REFUSALS = 10
Verb = Callable[[AnnotationReviewService, list[Annotation]], Report]


class RejectForm(forms.Form):
    comment = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}), required=False, help_text="Shown to the annotators."
    )
    reject_action = forms.ChoiceField(
        choices=[("", "Each project's default"), *RejectAction.choices],
        required=False,
        label="Reject action",
    )

    def __init__(self, *args: Any, annotations: Iterable[Annotation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {reason["code"]: reason["text"] for a in annotations for reason in a.project.reject_reasons}
        if known:
            self.fields["reason"] = forms.ChoiceField(choices=[("", "none"), *known.items()], required=False)

    def options(self) -> dict[str, str]:
        """For `reject_many`, without what was left empty."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class ReviewActions(admin.ModelAdmin):
    """Mixed into the admin of annotations."""

    actions = ("accept", "reject", "undo", "reopen", "reopen_to_anyone", "pick")

    def has_review_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description="Accept selected annotations", permissions=["review"])
    def accept(self, request: HttpRequest, queryset: QuerySet) -> None:
        decide(request, queryset, "Accepted", lambda service, rows: service.accept_many(rows))

    @admin.action(description="Reject selected annotations …", permissions=["review"])
    def reject(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        annotations = selected(queryset.select_related("project"))
        # The first POST shows the form, the second is confirmed.
        form = RejectForm(request.POST if "confirmed" in request.POST else None, annotations=annotations)
        if not form.is_valid():
            return confirm(self, request, form, annotations)
        decide(
            request,
            annotations,
            "Rejected",
            lambda service, rows: service.reject_many(rows, **form.options()),
        )
        return None

    @admin.action(description="Undo the verdict of selected annotations", permissions=["review"])
    def undo(self, request: HttpRequest, queryset: QuerySet) -> None:
        decide(request, queryset, "Undone", lambda service, rows: service.undo_many(rows))

    @admin.action(description="Reopen selected annotations for rework", permissions=["review"])
    def reopen(self, request: HttpRequest, queryset: QuerySet) -> None:
        decide(request, queryset, "Reopened", lambda service, rows: service.reopen_many(rows))

    @admin.action(description="Reopen selected annotations for anyone to redo", permissions=["review"])
    def reopen_to_anyone(self, request: HttpRequest, queryset: QuerySet) -> None:
        decide(
            request,
            queryset,
            "Reopened to anyone",
            lambda service, rows: service.reopen_many(rows, to=RETURN_TO_ANYONE),
        )

    @admin.action(description="Pick as the answer of their tasks", permissions=["review"])
    def pick(self, request: HttpRequest, queryset: QuerySet) -> None:
        pick_each(request, selected(queryset.select_related("task")))


def confirm(
    model_admin: admin.ModelAdmin, request: HttpRequest, form: RejectForm, annotations: list[Annotation]
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": f"Reject {counted(len(annotations))}",
        "opts": model_admin.opts,
        "form": form,
        "annotations": annotations,
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/reject_selected.html", context)


def decide(request: HttpRequest, annotations: Iterable[Annotation], done: str, verb: Verb) -> None:
    """Raises Refused when the selection is too large, or a rule outside the workflow
    forbids the whole of it.
    """
    service = AnnotationReviewService(signed_in(request))
    # The service takes a selection of one project, so each project gets a bulk action of its own.
    by_project: dict[int, list[Annotation]] = defaultdict(list)
    for annotation in selected(annotations):
        by_project[annotation.project_id].append(annotation)
    for _, rows in sorted(by_project.items()):
        show_report(request, done, verb(service, rows))


def show_report(request: HttpRequest, done: str, report: Report) -> None:
    if report.done:
        sentence = f"{done}: {counted(len(report.done))} of {report.bulk.project}."
        messages.success(request, format_html("{} {}", sentence, link_to_bulk(report)))
    by_reason: dict[str, list[Annotation]] = defaultdict(list)
    for annotation, refusal in report.refused:
        by_reason[refusal.detail].append(annotation)
    for reason, annotations in by_reason.items():
        messages.warning(
            request,
            format_html("Not changed, {}: {} {}", counted(len(annotations)), reason, named(annotations)),
        )


def link_to_bulk(report: Report) -> SafeString:
    return link_to(reverse("admin:reviews_bulkreview_change", args=[report.bulk.pk]), "View or undo")


def named(annotations: list[Annotation]) -> SafeString:
    links = (
        (link_to(reverse("admin:tasks_annotation_change", args=[a.pk]), str(a.pk)),)
        for a in annotations[:LISTED_REFUSALS]
    )
    more = f" and {len(annotations) - LISTED_REFUSALS} more" if len(annotations) > LISTED_REFUSALS else ""
    return format_html("({}{})", format_html_join(", ", "{}", links), more)


def counted(number: int) -> str:
    return f"{number} annotation" if number == 1 else f"{number} annotations"


def pick_each(request: HttpRequest, annotations: list[Annotation]) -> None:
    """Make each annotation the answer of its task, and list refusals by reason. Raises Refused if
    two are of one task.
    """
    refuse_two_of_a_task(annotations)
    refused: dict[str, list[int]] = defaultdict(list)
    for annotation in sorted(annotations, key=lambda annotation: annotation.task_id):
        try:
            # A refusal must not undo the picks before it.
            with transaction.atomic():
                final_picks.pick(annotation.task, annotation.pk, actor=signed_in(request))
        except Refused as refusal:
            refused[refusal.detail].append(annotation.pk)
    picked = len(annotations) - sum(map(len, refused.values()))
    if picked:
        messages.success(request, f"Picked: {picked} {'answer' if picked == 1 else 'answers'}.")
    for reason, ids in refused.items():
        messages.warning(request, f"Not changed, {len(ids)}: {reason}")


def refuse_two_of_a_task(annotations: list[Annotation]) -> None:
    task, number = Counter(annotation.task_id for annotation in annotations).most_common(1)[0]
    if number > 1:
        raise Refused(
            "one_answer",
            f"{number} annotations of task {task} are selected, but a task has only one answer. Select one.",
        )
