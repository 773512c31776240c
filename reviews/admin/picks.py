"""Which answers were picked, by whom, and until when. Picking is an action of the list of annotations."""

from django.contrib import admin

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import ByTasksProject
from tasks.admin.show import column, person

from ..models import FinalPick

PICKED_BY, UNDONE_BY = person("picked_by", "by"), person("undone_by", "undone by")


@admin.register(FinalPick)
class FinalPickAdmin(LeadAdmin):
    """Append-only. Undone by nobody: it stopped standing by itself."""

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
