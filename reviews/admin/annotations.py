"""Annotations: their author, their reviews, and the review actions on a selection."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from tasks.admin.base import LeadAdmin, NumberedSearch
from tasks.admin.filters import ByProject
from tasks.admin.show import ReadOnlyInline, column, person, pretty
from tasks.models import Annotation, History
from tasks.services import annotations
from users.admin.base import signed_in
from users.models import User

from ..imported import importer_of_row
from ..models import Review
from .actions import ReviewActions
from .filters import ByAuthor, ByStandingReviewer, Outcome, Verdict

RETURNED = column("returned_at", "rework since")


@admin.display(description="reviewer")
def reviewer(annotation: Annotation) -> User | None:
    return annotation.standing and annotation.standing.created_by  # type: ignore[attr-defined]


@admin.display(description="outcome")
def outcome(annotation: Annotation) -> str | None:
    return annotation.standing and annotation.standing.reject_action  # type: ignore[attr-defined]


@admin.display(description="result")
def result_text(annotation: Annotation) -> str:
    return pretty(annotation.result)


@admin.display(description="data of the task")
def task_data(annotation: Annotation) -> str:
    return pretty(annotation.task.data)


@admin.display(description="imported by")
def imported_by(row: History) -> str | None:
    return row.imported_by  # type: ignore[attr-defined]


@admin.display(description="state")
def review_state(review: Review) -> str:
    return review.state


class ReviewInline(ReadOnlyInline):
    model = Review
    fields = readonly_fields = (
        "verdict",
        review_state,
        person("created_by", "by"),
        person("imported_by", "imported by"),
        "created_at",
        "reject_action",
        "reason",
        "comment",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .select_related("created_by", "imported_by", "annotation")
            .defer("annotation__result")
        )


class HistoryInline(ReadOnlyInline):
    model = History
    fields = readonly_fields = (
        "action",
        person("created_by", "by"),
        imported_by,
        "created_at",
        "number",
        "comment",
    )
    verbose_name_plural = "newest history"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("created_by").defer("result", "details")
        importer = User.objects.filter(pk=OuterRef("importer")).values("email")
        return rows.annotate(importer=importer_of_row()).annotate(imported_by=Subquery(importer))


@admin.register(Annotation)
class AnnotationAdmin(NumberedSearch, ReviewActions, LeadAdmin):
    opens = frozenset({"change", "delete"})
    inlines = (ReviewInline, HistoryInline)
    search_fields = ("completed_by__email",)
    search_help_text = "A number (id of the annotation or of its task), a unique id, or an author's e-mail."
    number_fields = ("id", "task_id")
    list_display = (
        "id",
        column("task", "task", order="task_id"),
        column("project", "project"),
        person("completed_by", "author"),
        "last_action",
        reviewer,
        outcome,
        RETURNED,
        "updated_at",
    )
    list_filter = (
        ByProject,
        Verdict,
        "last_action",
        Outcome,
        ByAuthor,
        ByStandingReviewer,
        "was_cancelled",
        "ground_truth",
    )
    list_select_related = ("task", "project", "completed_by")
    list_defer = ("result", "task__data", "task__meta", "project__label_config")
    ordering = ("-id",)
    fields = (
        "project",
        "task",
        task_data,
        person("completed_by", "author"),
        "ground_truth",
        result_text,
        "last_action",
        person("last_created_by", "last acted on by"),
        person("imported_by.created_by", "imported by"),
        RETURNED,
        "redistributed",
        "was_cancelled",
        "lead_time",
        "version",
        "annotation_seq",
        "unique_id",
        "created_at",
        "updated_at",
    )

    def seen_by(self, user: User, rows: Any) -> Any:
        return super().seen_by(user, rows).listed()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only the ground truth is edited here: results and verdicts are changed elsewhere."""
        return tuple(field for field in self.fields if field != "ground_truth")

    def fill_page(self, rows: Any) -> None:
        reviews = Review.objects.select_related("created_by").in_bulk(
            [a.standing_review_id for a in rows if a.standing_review_id]
        )
        for annotation in rows:
            annotation.standing = reviews.get(annotation.standing_review_id)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if form.changed_data:
            annotations.edit(obj.pk, {"ground_truth": obj.ground_truth}, actor=signed_in(request))

    def remove(self, rows: Any, *, actor: User) -> None:
        for project in sorted({row.project_id for row in rows}):
            annotations.delete_many([row.pk for row in rows if row.project_id == project], actor=actor)
