"""The review queue: what waits for a reviewer, and who has leased it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from tasks.admin.base import LeadAdmin, NumberedSearch, selected
from tasks.admin.filters import ByProject
from tasks.admin.show import column, person

from ..models import QueueEntry
from ..queue import leases

STATE = (
    "queue",
    person("completed_by", "author"),
    "reworked",
    "lowest_score",
    "entered_at",
    person("leased_to", "leased to"),
    "leased_at",
    "leased_until",
)


@admin.register(QueueEntry)
class QueueEntryAdmin(NumberedSearch, LeadAdmin):
    """Derived from annotations and verdicts. Managers can only end leases."""

    actions = ("release",)
    number_fields = ("annotation_id", "task_id")
    search_fields = ("completed_by__email", "leased_to__email")
    search_help_text = (
        "A number (id of annotation or task), or the e-mail of the author or of the lease holder."
    )
    list_display = (
        column("annotation", "annotation", order="annotation_id"),
        column("project", "project"),
        *STATE,
    )
    list_filter = (ByProject, "queue", "reworked")
    list_select_related = ("annotation", "project", "completed_by", "leased_to")
    list_defer = ("annotation__result", "project__label_config")
    fields = readonly_fields = ("project", "task", "annotation", *STATE)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.action(description="Release selected leases", permissions=["release"])
    def release(self, request: HttpRequest, queryset: QuerySet) -> None:
        released = sum(leases.release(entry.lease) for entry in selected(queryset) if entry.lease)
        messages.info(request, f"Released: {released}.")
