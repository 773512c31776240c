"""Projects: their settings (each change is recorded), members and totals."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Left
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join

from users.admin.base import signed_in
from users.forms import timezone_field
from users.models import User

from ..choices import RejectAction
from ..models import LabelConfigVersion, Membership, Project, ProjectChange
from ..services import projects
from ..totals import totals_of
from .base import LeadAdmin
from .filters import ByProject
from .members import MembershipInline, save_members
from .show import ReadOnlyInline, column, link_to, person

SHOWN_OF_VALUE = 200
CHANGED_BY = person("changed_by", "by")
CREATED_BY = person("created_by", "created by")


class VerbatimText(forms.CharField):
    """Text as it is stored: a browser sends every line end as CR LF, which is not a change of the setting."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options | {"strip": False})

    def to_python(self, value) -> str:
        return super().to_python(value).replace("\r\n", "\n")


class ProjectForm(forms.ModelForm):
    timezone = timezone_field()
    maximum_annotations = forms.IntegerField(
        label="Overlap",
        min_value=1,
        max_value=1000,
        initial=1,
        help_text="How many annotations each task needs.",
    )
    force = forms.BooleanField(
        label="Remove controls or labels that are in use",
        required=False,
        help_text="From the label configuration. Annotations and reviews stay as they are.",
    )
    allowed_reject_actions = forms.MultipleChoiceField(
        choices=RejectAction.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[RejectAction.REMOVE, RejectAction.REQUEUE],
    )

    def clean_reject_reasons(self) -> list:
        return self.cleaned_data["reject_reasons"] or []


def short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= SHOWN_OF_VALUE else f"{text[:SHOWN_OF_VALUE]}…"


@admin.display(description="before")
def before(change: ProjectChange) -> str:
    return short(change.old)


@admin.display(description="after")
def after(change: ProjectChange) -> str:
    return short(change.new)


class ChangeInline(ReadOnlyInline):
    model = ProjectChange
    verbose_name_plural = "newest changes of settings"
    fields = readonly_fields = ("changed_at", CHANGED_BY, "setting", before, after)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("changed_by")


@admin.display(description="text")
def beginning(version: LabelConfigVersion) -> str:
    return version.beginning  # type: ignore[attr-defined]


class LabelConfigInline(ReadOnlyInline):
    model = LabelConfigVersion
    verbose_name_plural = "newest label configurations"
    fields = readonly_fields = ("number", "created_at", CREATED_BY, beginning)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Without the whole text, which may be long."""
        found = super().get_queryset(request).select_related("created_by").defer("xml")
        return found.annotate(beginning=Left("xml", SHOWN_OF_VALUE))


def total(name: str) -> Callable[[Project], int]:
    @admin.display(description=name)
    def show(project: Project) -> int:
        return project.totals[name]  # type: ignore[attr-defined]

    return show


@admin.register(Project)
class ProjectAdmin(LeadAdmin):
    opens = frozenset({"change", "delete"})
    form = ProjectForm
    formfield_overrides = {models.TextField: {"form_class": VerbatimText}}
    inlines = (MembershipInline, ChangeInline, LabelConfigInline)
    list_display = (
        "title",
        total("tasks"),
        total("finished"),
        total("annotations"),
        total("reviewed"),
        total("accepted"),
        total("rejected"),
        "enable_review_workflow",
        CREATED_BY,
        "created_at",
    )
    list_filter = ("enable_review_workflow", "review_criteria", "default_reject_action", "allow_self_review")
    list_select_related = ("created_by",)
    date_hierarchy = "created_at"
    search_fields = ("title", "description")
    readonly_fields = (CREATED_BY, "created_at", "updated_at", "lists")
    fieldsets: Any = (
        (None, {"fields": ("title", "description", "color", "timezone", "lists")}),
        (
            "Labelling",
            {
                "fields": (
                    "label_config",
                    "force",
                    "maximum_annotations",
                    "label_stream_task_distribution",
                    "require_result",
                    "validate_results",
                    "media_origins",
                )
            },
        ),
        ("Instruction", {"classes": ("collapse",), "fields": ("expert_instruction", "show_instruction")}),
        (
            "Review",
            {
                "fields": (
                    "enable_review_workflow",
                    "review_criteria",
                    "require_review_comment_on_reject",
                    "allow_self_review",
                    "allowed_reject_actions",
                    "default_reject_action",
                    "reject_reasons",
                    "max_rounds",
                )
            },
        ),
        (
            "Who reviews what",
            {
                "fields": (
                    "sampling",
                    "review_task_limit_percent",
                    "only_finished_tasks",
                    "review_only_manual_assignments",
                    "review_instruction",
                    "show_review_instruction",
                    "show_reviewer_names",
                    "anonymize_annotations",
                )
            },
        ),
        ("Created", {"fields": (CREATED_BY, "created_at", "updated_at")}),
    )

    def project_id_of(self, obj: Any) -> int:
        return obj.pk

    def seen_by(self, user: User, rows: Any) -> Any:
        return rows.managed_by(user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or (obj is None and self.has_add_permission(request))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        user = signed_in(request)
        # On the sign-in page there is no user.
        return user.is_active and (user.may_create_projects or user.runs_site)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            self.fieldsets
            if obj
            else [(title, {**part, "fields": _form_fields(part)}) for title, part in self.fieldsets[:-1]]
        )

    def fill_page(self, rows: Any) -> None:
        totals = totals_of([project.pk for project in rows])
        for project in rows:
            project.totals = totals[project.pk]

    @admin.display(description="lists")
    def lists(self, project: Project) -> str:
        lists = (
            ("tasks", "tasks_task"),
            ("annotations", "tasks_annotation"),
            ("all changes of settings", "tasks_projectchange"),
        )
        links = [
            link_to(f"{reverse(f'admin:{name}_changelist')}?project={project.pk}", words)
            for words, name in lists
        ]
        return format_html_join(" · ", "{}", ((link,) for link in links))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        project = super().save_form(request, form, change)
        if change:
            return project
        return projects.create(
            actor=signed_in(request), **{name: v for name, v in form.cleaned_data.items() if name != "force"}
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new project was saved by `save_form`."""
        changes = {name: form.cleaned_data[name] for name in form.changed_data if name != "force"}
        if change and changes:
            projects.update(obj, changes, actor=signed_in(request), force=form.cleaned_data["force"])
            messages.info(request, f"Recorded as changed by you: {', '.join(sorted(changes))}.")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is Membership:
            save_members(formset, form.instance, actor=signed_in(request))
        else:
            super().save_formset(request, form, formset, change)

    def remove(self, rows: Any, *, actor: User) -> None:
        for project in rows:
            projects.delete(project, actor=actor)


def _form_fields(fieldset: Any) -> tuple[str, ...]:
    return tuple(name for name in fieldset["fields"] if name not in ("lists", "force"))


@admin.register(ProjectChange)
class ProjectChangeAdmin(LeadAdmin):
    """Who changed which setting, and when."""

    list_display = ("changed_at", column("project", "project"), "setting", before, after, CHANGED_BY)
    list_filter = (ByProject, "setting")
    list_select_related = ("project", "changed_by")
    search_fields = ("setting", "changed_by__email")
    date_hierarchy = "changed_at"
    fields = ("project", "setting", "old", "new", CHANGED_BY, "changed_at")
    readonly_fields = (CHANGED_BY,)
