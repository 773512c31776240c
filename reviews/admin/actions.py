"""Review actions on a selection: a page says what would happen, then the service does it project by project,
with a report of what was refused and why.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
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

from jobs.models import Job
from tasks.admin.base import selected
from tasks.admin.show import link_to
from tasks.choices import RejectAction
from tasks.errors import Refused
from tasks.models import Annotation, Project
from users.admin.base import signed_in
from users.sentences import sentence as _

from .. import bulk, final_picks
from ..decisions.request import RETURN_TO_ANYONE, BulkAction, Report

LISTED_REFUSALS = 10


class BulkForm(forms.Form):
    """What is asked before an action on a selection."""

    include_decided = forms.BooleanField(required=False, label="Also where others have decided")

    def __init__(self, *args: Any, annotations: Iterable[Annotation] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def options(self) -> dict[str, Any]:
        """For BulkAction.of, without what was left empty."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class AcceptForm(BulkForm):
    field_order = ("comment", "include_decided")
    comment = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}), required=False, help_text="Shown to the annotators."
    )


class RejectForm(AcceptForm):
    field_order = ("comment", "reject_action", "reason", "include_decided")
    reject_action = forms.ChoiceField(
        choices=[("", "Each project's default"), *RejectAction.choices],
        required=False,
        label="Reject action",
    )

    def __init__(self, *args: Any, annotations: Iterable[Annotation] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {code: text for a in annotations for code, text in a.project.reasons.items()}
        if known:
            self.fields["reason"] = forms.ChoiceField(choices=[("", "none"), *known.items()], required=False)
            self.order_fields(self.field_order)


class UndoForm(BulkForm):
    """Undoing names the verdicts themselves."""

    include_decided = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Asked:
    """An action of the list: its name for the service, its button, and its form."""

    name: str
    verb: str
    form: type[BulkForm]
    options: dict[str, Any] = field(default_factory=dict)

    def action(self, options: dict[str, Any]) -> BulkAction:
        return BulkAction.of(self.name, **self.options, **options)


ASKED = {
    "accept": Asked("accept", "Accept", AcceptForm),
    "reject": Asked("reject", "Reject", RejectForm),
    "undo": Asked("undo", "Undo", UndoForm),
    "reopen": Asked("reopen", "Reopen", AcceptForm),
    "reopen_to_anyone": Asked("reopen", "Reopen to anyone", AcceptForm, {"to": RETURN_TO_ANYONE}),
}


class ReviewActions(admin.ModelAdmin):
    """Mixed into the admin of annotations. Each action says what it would do before it is confirmed."""

    actions = ("accept", "reject", "undo", "reopen", "reopen_to_anyone", "pick")

    def has_review_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description="Accept selected annotations …", permissions=["review"])
    def accept(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._ask(request, queryset, "accept")

    @admin.action(description="Reject selected annotations …", permissions=["review"])
    def reject(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._ask(request, queryset, "reject")

    @admin.action(description="Undo the verdict of selected annotations …", permissions=["review"])
    def undo(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._ask(request, queryset, "undo")

    @admin.action(description="Reopen selected annotations for rework …", permissions=["review"])
    def reopen(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._ask(request, queryset, "reopen")

    @admin.action(description="Reopen selected annotations for anyone to redo …", permissions=["review"])
    def reopen_to_anyone(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._ask(request, queryset, "reopen_to_anyone")

    @admin.action(description="Pick as the answer of their tasks", permissions=["review"])
    def pick(self, request: HttpRequest, queryset: QuerySet) -> None:
        pick_each(request, selected(queryset.select_related("task")))

    def _ask(self, request: HttpRequest, queryset: QuerySet, name: str) -> HttpResponse | None:
        """The first POST shows what would happen, the second is confirmed."""
        asked, annotations = ASKED[name], selected(queryset.select_related("project"))
        form = asked.form(request.POST if "confirmed" in request.POST else None, annotations=annotations)
        if form.is_valid():
            decide(request, annotations, asked.action(form.options()))
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"{asked.verb} {counted(len(annotations))}",
            "verb": asked.verb,
            "action": name,
            "opts": self.opts,
            "form": form,
            "would": previews(request, annotations, asked.action({})),
            "selected": annotations,
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/confirm_bulk_review.html", context)


def by_project(annotations: Iterable[Annotation]) -> list[tuple[Project, list[int]]]:
    """The service takes a selection of one project, so each project gets a bulk action of its own."""
    found: dict[Project, list[int]] = defaultdict(list)
    for annotation in annotations:
        found[annotation.project].append(annotation.pk)
    return sorted(found.items(), key=lambda item: item[0].pk)


def previews(request: HttpRequest, annotations: Iterable[Annotation], action: BulkAction) -> list[str]:
    """A sentence for each project."""
    found = (
        (project, bulk.preview(ids, action, actor=signed_in(request)))
        for project, ids in by_project(annotations)
    )
    return [
        f"{project}: {bulk.sentence_before(action.name, bulk.Counts.of(report))}" for project, report in found
    ]


def decide(request: HttpRequest, annotations: Iterable[Annotation], action: BulkAction) -> None:
    """Raises Refused when a rule outside the workflow forbids the whole of it."""
    for project, ids in by_project(annotations):
        show_outcome(request, project, action.name, bulk.perform(ids, action, actor=signed_in(request)))


def show_outcome(request: HttpRequest, project: Project, action: str, outcome: Report | Job) -> None:
    if isinstance(outcome, Job):
        link = link_to(reverse("admin:jobs_job_change", args=[outcome.pk]), "See how far it is")
        messages.info(request, format_html("{}: this takes a moment. {}", project, link))
        return
    if outcome.done:
        sentence = f"{bulk.DONE[action]}: {counted(len(outcome.done))} of {project}."
        more = " ".join(bulk.details_after(action, outcome))
        messages.success(request, format_html("{} {} {}", sentence, more, link_to_bulk(outcome)))
    by_reason: dict[str, list[Annotation]] = defaultdict(list)
    for annotation, refusal in outcome.refused:
        by_reason[refusal.detail].append(annotation)
    for reason, annotations in by_reason.items():
        messages.warning(
            request,
            format_html("Not changed, {}: {} {}", counted(len(annotations)), reason, named(annotations)),
        )


def link_to_bulk(report: Report) -> SafeString | str:
    """Empty if everything was done already."""
    if report.bulk is None:
        return ""
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
    for task, number in Counter(annotation.task_id for annotation in annotations).most_common(1):
        if number > 1:
            raise Refused(
                "one_answer",
                _(
                    "%(number)s annotations of task %(task)s are selected, but a task has only one answer."
                    " Select one.",
                    number=number,
                    task=task,
                ),
            )
