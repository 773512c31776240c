"""Saved exports: who exported what from a project, and when. Deleting one deletes its files."""

from django.contrib import admin

from tasks.admin.base import LeadAdmin
from tasks.admin.filters import ByProject
from tasks.admin.show import column, person

from .exporting import snapshots
from .models import Export

BY = person("created_by", "by")


@admin.register(Export)
class ExportAdmin(LeadAdmin):
    opens = frozenset({"delete"})
    list_display = (
        "id",
        "title",
        column("project", "project"),
        "status",
        BY,
        "created_at",
        "finished_at",
    )
    list_filter = (ByProject, "status")
    list_select_related = ("project", "created_by")
    list_defer = ("project__label_config",)
    search_fields = ("title", "created_by__email")
    fields = (
        "title",
        "project",
        "status",
        BY,
        "created_at",
        "snapshot_at",
        "anonymized",
        "finished_at",
        "counters",
        "md5",
        "task_filter_options",
        "annotation_filter_options",
        "serialization_options",
    )
    readonly_fields = fields

    def remove(self, rows, *, actor) -> None:
        for export in rows:
            snapshots.delete(export)
