"""Reviews, bulk reviews, comments, disputes and picked answers."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from tasks.admin.base import LeadAdmin, NumberedSearch
from tasks.admin.filters import ByProject, ByTasksProject
from tasks.admin.show import column, person
from users.admin.base import signed_in
from users.models import User

from .. import bulk, comments
from ..models import BulkReview, Comment, Dispute, FinalPick, Review
from .actions import show_outcome
from .annotations import review_state
from .filters import ByReviewer, ReviewState

SIGNED = (person("created_by", "by"), "created_at")


@admin.register(Review)
class ReviewAdmin(NumberedSearch, LeadAdmin):
    """Append-only. A review is undone on the list of annotations."""

    number_fields = ("id", "annotation_id", "task_id")
    search_fields = ("created_by__email", "comment")
    search_help_text = (
        "A number (of review, annotation or task), a unique id, a reviewer's e-mail, or part of the comment."
    )
    list_display = (
        "id",
        column("annotation", "annotation", order="annotation_id"),
        column("project", "project"),
        "verdict",
        review_state,
        "reject_action",
        *SIGNED,
        person("imported_by", "imported by"),
        "comment",
    )
    list_filter = (ByProject, "verdict", ReviewState, "reject_action", ByReviewer)
    list_select_related = ("annotation", "project", "created_by", "imported_by")
    list_defer = ("annotation__result", "project__label_config")
    fields = (
        "project",
        "task",
        "annotation",
        "verdict",
        review_state,
        *SIGNED,
        "comment",
        "reason",
        "reject_action",
        "seen_version",
        "fixed_version",
        "restores",
        person("imported_by", "imported by"),
        "bulk",
        "undone_at",
        person("undone_by", "undone by"),
        "superseded_by",
        "contested_at",
        "unique_id",
    )
    readonly_fields = fields


@admin.register(BulkReview)
class BulkReviewAdmin(LeadAdmin):
    list_display = ("id", column("project", "project"), "action", *SIGNED)
    list_filter = (ByProject, "action")
    list_select_related = ("project", "created_by")
    date_hierarchy = "created_at"
    fields = readonly_fields = ("project", "action", *SIGNED)
    actions = ("undo_bulk",)

    def has_review_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(
        description="Undo selected bulk actions, and restore the verdicts they replaced …",
        permissions=["review"],
    )
    def undo_bulk(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        undone, actor = list(queryset.select_related("project")), signed_in(request)
        if "confirmed" in request.POST:
            for one in undone:
                show_outcome(request, one.project, "undo", bulk.undo(one, actor=actor))
            return None
        found = ((one, bulk.preview_undo(one, actor=actor)) for one in undone)
        sentences = [
            f"{one} of {one.project}: {bulk.sentence_before('undo', bulk.Counts.of(report))}"
            for one, report in found
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "Undo bulk actions",
            "verb": "Undo",
            "action": "undo_bulk",
            "opts": self.opts,
            "form": forms.Form(),
            "would": sentences,
            "selected": undone,
            "checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/confirm_bulk_review.html", context)


@admin.register(Comment)
class CommentAdmin(LeadAdmin):
    opens = frozenset({"change", "delete"})
    list_display = (
        "id",
        "text",
        column("project", "project"),
        column("task", "task", order="task_id"),
        *SIGNED,
        "is_resolved",
    )
    list_filter = (ByProject, "is_resolved", ByReviewer)
    list_select_related = ("project", "task", "created_by")
    list_defer = ("task__data", "project__label_config")
    search_fields = ("text", "created_by__email")
    fields = ("text", "project", "task", "annotation", *SIGNED, "is_resolved", "resolved_at", "region_ref")
    readonly_fields = tuple(field for field in fields if field != "is_resolved")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if form.changed_data:
            comments.update(obj, actor=signed_in(request), is_resolved=obj.is_resolved)

    def remove(self, rows: Any, *, actor: User) -> None:
        for comment in rows:
            comments.delete(comment, actor=actor)


@admin.register(Dispute)
class DisputeAdmin(NumberedSearch, LeadAdmin):
    """Append-only."""

    number_fields = ("id", "annotation_id", "review_id")
    search_fields = ("contested_by__email", "reason")
    search_help_text = (
        "A number (id of dispute, annotation or review), an annotator's e-mail, or part of the reason."
    )
    list_display = (
        "id",
        column("annotation", "annotation", order="annotation_id"),
        column("project", "project"),
        person("contested_by", "contested by"),
        "contested_at",
        "reason",
        person("review.created_by", "rejected by"),
        "outcome",
        person("decided_by", "decided by"),
    )
    list_filter = (ByProject, "outcome")
    list_select_related = ("annotation", "project", "contested_by", "review__created_by", "decided_by")
    list_defer = ("annotation__result", "project__label_config")
    fields = (
        "project",
        "annotation",
        "review",
        person("contested_by", "contested by"),
        "contested_at",
        "reason",
        "outcome",
        person("decided_by", "decided by"),
        "decided_at",
        "deciding_review",
    )
    readonly_fields = fields


PICKED_BY, UNDONE_BY = person("picked_by", "by"), person("undone_by", "undone by")


@admin.register(FinalPick)
class FinalPickAdmin(LeadAdmin):
    """Append-only. `undone_at` without `undone_by`: the annotation could no longer be the answer."""

    project_path = "task__project"
    list_display = (
        "id",
        column("task", "task", order="task_id"),
        column("task.project", "project", order="task__project"),
        column("annotation", "annotation", order="annotation_id"),
        PICKED_BY,
        "picked_at",
        "undone_at",
        UNDONE_BY,
    )
    list_filter = (ByTasksProject,)
    list_select_related = ("task__project", "annotation", "picked_by", "undone_by")
    list_defer = ("task__data", "task__meta", "task__project__label_config", "annotation__result")
    search_fields = ("picked_by__email",)
    fields = ("task", "annotation", PICKED_BY, "picked_at", "undone_at", UNDONE_BY)
    readonly_fields = (PICKED_BY, UNDONE_BY)
