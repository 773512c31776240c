"""What is only read: history, imports, drafts, predictions, totals."""

from django.contrib import admin

from users.admin.base import SiteAdmin
from users.models import User

from ..models import Draft, History, Import, Prediction, ProjectDelta, ProjectTotal, View
from ..services import tasks
from .base import LeadAdmin
from .filters import ByAnnotationsProject, ByProject, ByTasksProject
from .show import column, person, pretty

BY = person("created_by", "by")
AUTHOR = person("author", "author of this result")


class Result:
    """Shows `result` as text to read."""

    @admin.display(description="result")
    def result_text(self, obj) -> str:
        return pretty(obj.result)


@admin.register(History)
class HistoryAdmin(Result, LeadAdmin):
    """Append-only: the database itself refuses anything else."""

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
    """Tabs of the data manager, which is where they are changed."""

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
    """One's own: nobody else sees unsubmitted work."""

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

    def remove(self, rows, *, actor: User) -> None:
        for prediction in rows:
            tasks.delete_prediction(prediction, actor=actor)


COUNTS = ("tasks", "finished", "annotations", "reviewed", "accepted", "rejected")


@admin.register(ProjectTotal)
class ProjectTotalAdmin(SiteAdmin):
    """The folded part of what projects add up to; the project list shows the whole."""

    list_display = ("project", *COUNTS)
    list_select_related = ("project",)


@admin.register(ProjectDelta)
class ProjectDeltaAdmin(SiteAdmin):
    """What is not folded yet."""

    list_display = ("id", "project_id", *COUNTS)
