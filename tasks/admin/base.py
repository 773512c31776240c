"""What the admin of a project lead shares: rows of the projects they manage and nothing else, whichever
way they are asked for.
"""

import uuid
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from users.admin.base import COUNTED_TO, CarefulChangeList, CountersignAdmin, signed_in
from users.models import User
from users.sentences import sentence as _

from ..errors import Refused
from ..querysets import within
from ..roles import may, may_somewhere

LEADS = "manage_project"
LISTED_DELETIONS = 20
INTEGRITY_ERROR = _(
    "The database refused this because it breaks one of its rules. Nothing was changed. Is it a duplicate?"
)


class ShowsRefusals(admin.ModelAdmin):
    """A refusal raised by a service is shown where the person is looking: at the form's field, or above
    the list.
    """

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except (Refused, IntegrityError) as error:
            # That was rolled back. The second time, the form that was sent is shown again, with the refusal
            # in it.
            request.refused = (  # type: ignore[attr-defined]
                error if isinstance(error, Refused) else Refused("integrity_error", INTEGRITY_ERROR)
            )
            return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type:
        form = super().get_form(request, obj, change=change, **kwargs)
        refused = getattr(request, "refused", None)
        return form if refused is None else _refusing(form, refused)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refused:
            return _back_to_page(request, refused)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An action of the list is one transaction."""
        if request.method != "POST":
            return super().changelist_view(request, extra_context)
        try:
            with transaction.atomic():
                return super().changelist_view(request, extra_context)
        except Refused as refused:
            return _back_to_page(request, refused)


def _refusing(form: type[forms.ModelForm], refused: Refused) -> type[forms.ModelForm]:
    def clean(self: forms.ModelForm) -> dict[str, Any] | None:
        cleaned = form.clean(self)
        self.add_error(refused.field if refused.field in self.fields else None, refused.detail)
        return cleaned

    return type(form.__name__, (form,), {"clean": clean})


def _back_to_page(request: HttpRequest, refused: Refused) -> HttpResponseRedirect:
    messages.error(request, refused.detail)
    return HttpResponseRedirect(request.get_full_path())


class DeferringChangeList(CarefulChangeList):
    """Lets the admin leave large columns out of the list, and fetch once per page what no join brings."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        rows = super().get_queryset(request, exclude_parameters)
        return rows.defer(*self.model_admin.list_defer)  # type: ignore[attr-defined]

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.fill_page(self.result_list)  # type: ignore[attr-defined]


class LeadAdmin(ShowsRefusals, CountersignAdmin):
    """`opens` names what is allowed besides viewing; `project_path` leads from a row to its project."""

    opens: frozenset[str] = frozenset()
    project_path = "project"
    list_defer: tuple[str, ...] = ()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = signed_in(request)
        return may_somewhere(user, LEADS) if obj is None else leads(user, self.project_id_of(obj))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return "add" in self.opens and self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "change" in self.opens and self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "delete" in self.opens and self.has_view_permission(request, obj)

    def project_id_of(self, obj: Any) -> int | None:
        """None for what belongs to the whole site."""
        return reduce(getattr, f"{self.project_path}_id".split("__"), obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return self.seen_by(signed_in(request), super().get_queryset(request))

    def seen_by(self, user: User, rows: Any) -> Any:
        """Rows without a `visible_to` of their own are hidden with their project."""
        present = (
            rows.visible_to(user)
            if hasattr(rows, "visible_to")
            else rows.filter(**{f"{self.project_path}__deleted_at": None})
        )
        return present.filter(within(user, LEADS, self.project_path))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeferringChangeList

    def fill_page(self, rows: list[Any]) -> None:
        """Attach to `rows` what the list shows besides their columns."""

    # Deleting goes through the services, which mark rows and count.

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Only the selected rows: nothing below them is deleted with them."""
        rows = selected(objs)
        lacking = {self.opts.verbose_name for row in rows if not self.has_delete_permission(request, row)}
        names = [str(row) for row in rows[:LISTED_DELETIONS]]
        if len(rows) > LISTED_DELETIONS:
            names.append(f"… and {len(rows) - LISTED_DELETIONS} more")
        return names, {self.opts.verbose_name_plural: len(rows)}, lacking, []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.remove([obj], actor=signed_in(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        self.remove(selected(queryset), actor=signed_in(request))

    def remove(self, rows: Sequence[Any], *, actor: User) -> None:
        raise Refused("cannot_be_deleted", _("These rows cannot be deleted."))


class NumberedSearch(admin.ModelAdmin):
    """Searches by index: a number in `number_fields`, a UUID in `unique_id`, anything else in
    `search_fields`.
    """

    number_fields: Sequence[str] = ("id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        term = search_term.strip()
        if term.isdecimal() and len(term) < 19:
            numbered = reduce(or_, (Q(**{name: int(term)}) for name in self.number_fields))
            return queryset.filter(numbered), False
        if hasattr(self.model, "unique_id") and (unique_id := _as_uuid(term)) is not None:
            return queryset.filter(unique_id=unique_id), False
        return super().get_search_results(request, queryset, search_term)


def _as_uuid(term: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(term) if len(term) >= 32 else None
    except ValueError:
        return None


def leads(user: User, project_id: int | None) -> bool:
    return user.runs_site if project_id is None else may(user, LEADS, project_id)


def selected(rows: Iterable[Any]) -> list[Any]:
    """The rows of a selection. Refuses more of them than a list counts, which nobody can have looked at."""
    found = list(rows[: COUNTED_TO + 1]) if isinstance(rows, models.QuerySet) else list(rows)
    if len(found) > COUNTED_TO:
        raise Refused(
            "too_many",
            _("More than %(counted_to)s rows are selected. Narrow the filter first.", counted_to=COUNTED_TO),
        )
    return found
