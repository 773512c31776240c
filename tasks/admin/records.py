"""Rows that are read, and hardly ever changed: history, drafts, imports, reservations, uploads, totals …"""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html

from users.admin.base import SiteAdmin
from users.models import User

from ..models import (
    Draft,
    History,
    Import,
    LabelConfigVersion,
    Prediction,
    ProjectDelta,
    ProjectTotal,
    Reservation,
    Upload,
    View,
)
from ..services import reservations, tasks
from .base import LeadAdmin
from .filters import ByAnnotationsProject, ByProject, ByTasksProject
from .show import column, person, pretty

BY = person("created_by", "by")
AUTHOR = person("author", "author of this result")


class Result:
    """Shows `result` as formatted text."""

    @admin.display(description="result")
    def result_text(self, obj: Any) -> str:
        return pretty(obj.result)


@admin.register(History)
class HistoryAdmin(Result, LeadAdmin):
    """Append-only: a trigger of the database refuses changes."""

    project_path = "annotation__project"
    list_display = (
        "id",
        column("annotation", "annotation", order="annotation_id"),
        column("annotation.project", "project", order="annotation__project"),
        "action",
        "number",
        BY,
        "created_at",
        "comment",
    )
    list_filter = (ByAnnotationsProject, "action")
    list_select_related = ("annotation__project", "created_by")
    list_defer = ("result", "details", "annotation__result")
    search_fields = ("created_by__email", "comment")
    fields = (
        "annotation",
        "action",
        BY,
        "created_at",
        "number",
        AUTHOR,
        "was_cancelled",
        "annotation_seq",
        "review_id",
        "comment",
        "details",
        "result_text",
    )
    readonly_fields = (BY, AUTHOR, "result_text")


@admin.register(View)
class ViewAdmin(LeadAdmin):
    """Tabs of the data manager, where they are edited."""

    list_display = ("id", column("project", "project"), "__str__", BY, "order")
    list_filter = (ByProject,)
    list_select_related = ("project", "created_by")
    fields = ("project", BY, "order", "data", "selected_items", "created_at")
    readonly_fields = (BY, "created_at")


@admin.register(Import)
class ImportAdmin(LeadAdmin):
    list_display = ("id", column("project", "project"), "name", BY, "created_at")
    list_filter = (ByProject,)
    list_select_related = ("project", "created_by")
    search_fields = ("name",)
    date_hierarchy = "created_at"
    fields = ("project", "name", BY, "created_at", "report")
    readonly_fields = (BY, "created_at")


@admin.register(Draft)
class DraftAdmin(Result, LeadAdmin):
    """Only the user's own: nobody else sees unsubmitted work."""

    project_path = "task__project"
    list_display = (
        "id",
        column("task", "task"),
        column("task.project", "project"),
        "was_postponed",
        "updated_at",
    )
    list_filter = (ByTasksProject, "was_postponed")
    list_select_related = ("task__project",)
    list_defer = ("result", "task__data")
    fields = ("task", "annotation", "lead_time", "created_at", "updated_at", "result_text")
    readonly_fields = ("created_at", "updated_at", "result_text")


@admin.register(Prediction)
class PredictionAdmin(Result, LeadAdmin):
    opens = frozenset({"delete"})
    list_display = (
        "id",
        column("task", "task"),
        column("project", "project"),
        "model_version",
        "score",
        "created_at",
    )
    list_filter = (ByProject,)
    list_select_related = ("task", "project")
    list_defer = ("result", "task__data")
    search_fields = ("model_version__istartswith",)
    fields = ("project", "task", "model_version", "score", "created_at", "result_text")
    readonly_fields = ("created_at", "result_text")

    def remove(self, rows: Any, *, actor: User) -> None:
        for prediction in rows:
            tasks.delete_prediction(prediction, actor=actor)


COUNTS = ("tasks", "finished", "annotations", "reviewed", "accepted", "rejected")


@admin.register(ProjectTotal)
class ProjectTotalAdmin(SiteAdmin):
    """The totals as last added up. The project list adds the deltas since."""

    list_display = ("project", *COUNTS)
    list_select_related = ("project",)


@admin.register(ProjectDelta)
class ProjectDeltaAdmin(SiteAdmin):
    """Changes not added to the totals yet."""

    list_display = ("id", "project_id", *COUNTS)


@admin.register(LabelConfigVersion)
class LabelConfigVersionAdmin(LeadAdmin):
    list_display = ("id", column("project", "project"), "number", BY, "created_at")
    list_filter = (ByProject,)
    list_select_related = ("project", "created_by")
    list_defer = ("xml", "project__label_config")
    search_fields = ("created_by__email",)
    fields = ("project", "number", BY, "created_at", "xml")
    readonly_fields = (BY,)


@admin.register(Reservation)
class ReservationAdmin(LeadAdmin):
    """Deleting one makes the task available to others."""

    opens = frozenset({"delete"})
    list_display = (
        column("task", "task", order="task_id"),
        column("project", "project"),
        person("user", "with"),
        "created_at",
        "expires_at",
    )
    list_filter = (ByProject,)
    list_select_related = ("task", "project", "user")
    list_defer = ("task__data", "project__label_config")
    search_fields = ("user__email",)
    fields = readonly_fields = ("project", "task", person("user", "with"), "created_at", "expires_at")

    def remove(self, rows: Any, *, actor: User) -> None:
        for place in rows:
            reservations.release(place.pk)


@admin.display(description="address")
def address(upload: Upload) -> str:
    return format_html('<a href="{0}">{0}</a>', upload.path)


@admin.register(Upload)
class UploadAdmin(LeadAdmin):
    list_display = ("name", column("project", "project"), "content_type", "size", BY, "created_at")
    list_filter = (ByProject, "content_type")
    list_select_related = ("project", "created_by")
    search_fields = ("name",)
    date_hierarchy = "created_at"
    fields = ("project", "name", address, "content_type", "size", "sha256", BY, "created_at")
    readonly_fields = (address, BY, "created_at")
