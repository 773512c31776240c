"""Members of projects, and assignments of tasks."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from users.admin.base import signed_in
from users.emails import EmailFormField
from users.models import User
from users.sentences import sentence as _

from ..models import Assignment, Membership, Project
from ..roles import may, may_somewhere, role_in
from ..services import assignments, members
from .base import LeadAdmin
from .filters import ByProject, ByTasksProject
from .show import column, person

PERSON = person("user", "person")
ASSIGNEE = person("user", "assignee")


def person_called(email: str) -> User:
    found = User.objects.people().filter(email=email).first()
    if found is None:
        raise ValidationError(
            _("There is no account with this e-mail. Ask an administrator of the site to create one."),
            code="unknown_person",
        )
    return found


class NamedByEmail(forms.ModelForm):
    """A row about a person, who is named by e-mail when it is added. Later the e-mail is only shown.

    So a lead adds people they know, without a list of everybody.
    """

    email = EmailFormField(label="e-mail")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "email" in self.fields:
            self.fields["email"].disabled = True
            self.fields["email"].initial = self.instance.user.email

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        if self.instance.pk is None:
            self.instance.user = person_called(email)
            self.refuse_repeat()
        return email

    def refuse_repeat(self) -> None:
        """Raise ValidationError if there is a row about this person already."""


class MemberForm(NamedByEmail):
    class Meta:
        model = Membership
        fields = ("role", "paused")

    def refuse_repeat(self) -> None:
        if Membership.objects.filter(project=self.instance.project_id, user=self.instance.user).exists():
            raise ValidationError(_("This person is already a member."), code="membership_once")


class MembershipInline(admin.TabularInline):
    model = Membership
    form = MemberForm
    fields = ("email", "role", "paused")
    extra = 1
    verbose_name_plural = "members"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("user")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = signed_in(request)
        return may_somewhere(user, "manage_members") if obj is None else may(user, "manage_members", obj)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


def save_members(formset: forms.BaseModelFormSet, project: Project, *, actor: User) -> None:
    formset.save(commit=False)
    for membership in formset.deleted_objects:
        members.remove(membership, actor=actor)
    for membership in formset.new_objects:
        save_member(membership, project, {"role", "paused"}, actor=actor)
    for membership, changed in formset.changed_objects:
        save_member(membership, project, changed, actor=actor)


def save_member(membership: Membership, project: Project, changed: Collection[str], *, actor: User) -> None:
    """Only what was changed in the form: somebody else may have changed the rest since it was shown."""
    saved = membership
    if "role" in changed:
        saved = members.set_role(project, membership.user, membership.role, actor=actor)
        membership.pk = saved.pk
    if "paused" in changed:
        members.set_paused(saved, membership.paused, actor=actor)


@admin.register(Membership)
class MembershipAdmin(LeadAdmin):
    """Members are added on the page of their project."""

    opens = frozenset({"change", "delete"})
    form = MemberForm
    fields = ("project", "email", "role", "paused", "created_at")
    readonly_fields = ("project", "created_at")
    list_display = (PERSON, "project", "role", "paused", "created_at")
    list_display_links = (PERSON,)
    list_filter = (ByProject, "role", "paused")
    list_select_related = ("user", "project")
    search_fields = ("user__email", "user__first_name", "user__last_name", "project__title")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_member(obj, obj.project, form.changed_data, actor=signed_in(request))

    def remove(self, rows: Any, *, actor: User) -> None:
        for membership in rows:
            members.remove(membership, actor=actor)


class AssignmentForm(NamedByEmail):
    class Meta:
        model = Assignment
        fields = ("task", "type")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        task, person = cleaned.get("task"), getattr(self.instance, "user", None)
        if task and person and role_in(task.project_id, person) is None:
            self.add_error("email", _("Only members of the task's project can be assigned to it."))
        return cleaned


@admin.register(Assignment)
class AssignmentAdmin(LeadAdmin):
    opens = frozenset({"add", "delete"})
    project_path = "task__project"
    form = AssignmentForm
    fields = ("task", "email", "type")
    raw_id_fields = ("task",)
    list_display = ("id", "task", column("task.project", "project"), ASSIGNEE, "type", "created_at")
    list_filter = (ByTasksProject, "type")
    list_select_related = ("task__project", "user")
    search_fields = ("user__email",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else ("task", ASSIGNEE, "type", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assignments.assign([obj.task], [obj.user], obj.type, actor=signed_in(request))
        obj.pk = Assignment.objects.get(task=obj.task, user=obj.user, type=obj.type).pk

    def remove(self, rows: Any, *, actor: User) -> None:
        assignments.remove(Assignment.objects.filter(pk__in=[row.pk for row in rows]), actor=actor)
