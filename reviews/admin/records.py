"""Signed verdicts, bulk actions and comments."""

from django.contrib import admin

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import ByProject
from tasks.admin.search import NumberedSearch
from tasks.admin.show import column, person
from users.admin.base import signed_in
from users.models import User

from .. import comments
from ..models import BulkReview, Comment, Review
from ..service import AnnotationReviewService
from .actions import tell
from .annotations import review_state
from .filters import ByReviewer, ReviewState

SIGNED = (person("created_by", "by"), "created_at")


@admin.register(Review)
class ReviewAdmin(NumberedSearch, LeadAdmin):
    """Append-only. A verdict is taken back on the list of annotations."""

    number_fields = ("id", "annotation_id", "task_id")
    search_fields = ("created_by__email", "comment")
    search_help_text = "A number (id of review, annotation or task), a unique id, a reviewer's e-mail, or words of the comment."
    list_display = (
        "id",
        column("annotation", "annotation", order="annotation_id"),
        column("project", "project"),
        "verdict",
        review_state,
        "reject_action",
        *SIGNED,
        "comment",
    )
    list_filter = (ByProject, "verdict", ReviewState, "reject_action", ByReviewer)
    list_select_related = ("annotation", "project", "created_by")
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

    def has_review_permission(self, request) -> bool:
        return self.has_view_permission(request)

    @admin.action(description="Undo what still stands of selected bulk actions", permissions=["review"])
    def undo_bulk(self, request, queryset) -> None:
        for bulk in queryset.select_related("project"):
            tell(request, "Verdict taken back", AnnotationReviewService(signed_in(request)).undo_bulk(bulk))


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

    def save_model(self, request, obj, form, change) -> None:
        if form.changed_data:
            comments.change(obj, actor=signed_in(request), is_resolved=obj.is_resolved)

    def remove(self, rows, *, actor: User) -> None:
        for comment in rows:
            comments.delete(comment, actor=actor)
