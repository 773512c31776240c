"""Tasks: their data, and how far they are annotated and reviewed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Left
from django.http import HttpRequest
from django.urls import reverse

from users.admin.base import signed_in
from users.models import User

from ..models import Task
from ..services import tasks
from .base import LeadAdmin, NumberedSearch
from .filters import Accepted, ByProject, Comments, Rejected
from .show import column, link_to, person

PREVIEW = 80
EDITABLE = ("data", "meta", "overlap", "allow_skip", "external_id")
COUNTERS = (
    "is_labeled",
    "completed_at",
    "total_annotations",
    "cancelled_annotations",
    "total_predictions",
    "reviewed",
    "reviewed_at",
    "reviews_accepted",
    "reviews_rejected",
    "final_state",
    "final_annotation",
    "comment_count",
    "unresolved_comment_count",
)
UPDATED_BY = person("updated_by", "updated by")


@admin.display(description="data")
def preview(task: Task) -> str:
    return task.data_preview  # type: ignore[attr-defined]


class TaskForm(forms.ModelForm):
    def clean_meta(self) -> dict:
        return self.cleaned_data["meta"] or {}


@admin.register(Task)
class TaskAdmin(NumberedSearch, LeadAdmin):
    opens = frozenset({"add", "change", "delete"})
    number_fields = ("id", "inner_id")
    search_fields = ("external_id__istartswith",)
    search_help_text = (
        "A number (id, or number within the project), a unique id, or the beginning of an external id."
    )
    list_display = (
        "id",
        "inner_id",
        column("project", "project"),
        preview,
        "is_labeled",
        column("total_annotations", "annotations"),
        "reviewed",
        column("reviews_accepted", "accepted"),
        column("reviews_rejected", "rejected"),
        "final_state",
        column("unresolved_comment_count", "open comments"),
        "updated_at",
    )
    list_display_links = ("id", "inner_id")
    list_filter = (ByProject, "reviewed", "final_state", Rejected, Accepted, "is_labeled", Comments)
    list_select_related = ("project",)
    list_defer = ("data", "meta")
    autocomplete_fields = ("project",)
    form = TaskForm
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        data = Left(Cast("data", TextField()), PREVIEW)
        return super().get_queryset(request).annotate(data_preview=data)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("project", *(name for name in EDITABLE if name != "overlap"))})]
        created = ("unique_id", "created_at", "updated_at", UPDATED_BY)
        return [
            (None, {"fields": ("project", "inner_id", *EDITABLE, "lists")}),
            ("Counters", {"fields": COUNTERS}),
            ("Created", {"fields": created}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = {name for _, part in self.get_fieldsets(request, obj) for name in part["fields"]}
        return () if obj is None else tuple(shown - set(EDITABLE))

    @admin.display(description="lists")
    def lists(self, task: Task) -> str:
        return link_to(
            f"{reverse('admin:tasks_annotation_changelist')}?task__id__exact={task.pk}", "its annotations"
        )

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        task = super().save_form(request, form, change)
        return task if change else tasks.create(actor=signed_in(request), **form.cleaned_data)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new task was saved by `save_form`."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if change and changes:
            tasks.update(obj.pk, changes, actor=signed_in(request))

    def remove(self, rows: Any, *, actor: User) -> None:
        for project in {task.project for task in rows}:
            tasks.delete_many(
                project, [task.pk for task in rows if task.project_id == project.pk], actor=actor
            )
