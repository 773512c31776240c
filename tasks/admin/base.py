"""The admin of a project lead: rows of the projects they manage, and nothing else, whichever way they are asked for."""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.db import models

from users.admin.base import COUNTED_TO, CountersignAdmin, signed_in
from users.models import User

from ..errors import Refused
from ..querysets import within
from ..roles import may, may_somewhere
from .refusals import ToldRefusals

LEADS = "manage_project"
LISTED_DELETIONS = 20


class FilledChangeList(ChangeList):
    """Lets the admin leave large columns out of the list, and fetch once for the whole page what no join brings."""

    def get_queryset(self, request, exclude_parameters=None):
        rows = super().get_queryset(request, exclude_parameters)
        return rows.defer(*self.model_admin.list_defer)  # type: ignore[attr-defined]

    def get_results(self, request) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.fill_page(self.result_list)  # type: ignore[attr-defined]


class LeadAdmin(ToldRefusals, CountersignAdmin):
    """`opens` names what may be done besides looking; `project_path` leads from a row to its project."""

    opens: frozenset[str] = frozenset()
    project_path = "project"
    list_defer: tuple[str, ...] = ()

    def has_view_permission(self, request, obj=None) -> bool:
        user = signed_in(request)
        return may_somewhere(user, LEADS) if obj is None else leads(user, self.project_id_of(obj))

    def has_add_permission(self, request, *args) -> bool:
        return "add" in self.opens and self.has_view_permission(request)

    def has_change_permission(self, request, obj=None) -> bool:
        return "change" in self.opens and self.has_view_permission(request, obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        return "delete" in self.opens and self.has_view_permission(request, obj)

    def project_id_of(self, obj: models.Model) -> int | None:
        """None for what is the whole site's."""
        return reduce(getattr, f"{self.project_path}_id".split("__"), obj)  # type: ignore[return-value, arg-type]

    def get_queryset(self, request):
        return self.seen_by(signed_in(request), super().get_queryset(request))

    def seen_by(self, user: User, rows: Any) -> Any:
        """Rows that have no rule of their own are hidden with their project."""
        present = (
            rows.visible_to(user)
            if hasattr(rows, "visible_to")
            else rows.filter(**{f"{self.project_path}__deleted_at": None})
        )
        return present.filter(within(user, LEADS, self.project_path))

    def get_changelist(self, request, **kwargs):
        return FilledChangeList

    def fill_page(self, rows: list[Any]) -> None:
        """Hang onto `rows` what the list shows of them besides their columns."""

    # --- deleting goes through the services, which mark and count ----------------------------------

    def get_deleted_objects(self, objs, request):
        """The named rows alone: nothing below them is deleted with them."""
        rows = selected(objs)
        lacking = {self.opts.verbose_name for row in rows if not self.has_delete_permission(request, row)}
        names = [str(row) for row in rows[:LISTED_DELETIONS]]
        if len(rows) > LISTED_DELETIONS:
            names.append(f"… and {len(rows) - LISTED_DELETIONS} more")
        return names, {self.opts.verbose_name_plural: len(rows)}, lacking, []

    def delete_model(self, request, obj) -> None:
        self.remove([obj], actor=signed_in(request))

    def delete_queryset(self, request, queryset) -> None:
        self.remove(selected(queryset), actor=signed_in(request))

    def remove(self, rows: Sequence[Any], *, actor: User) -> None:
        raise Refused("cannot_be_deleted", "These rows cannot be deleted.")


def leads(user: User, project_id: int | None) -> bool:
    return user.runs_site if project_id is None else may(user, LEADS, project_id)


def selected(rows: Iterable[Any]) -> list[Any]:
    """What a person ticked. More than a list counts to, nobody can have looked at."""
    found = list(rows[: COUNTED_TO + 1]) if isinstance(rows, models.QuerySet) else list(rows)
    if len(found) > COUNTED_TO:
        raise Refused("too_many", f"More than {COUNTED_TO} rows are selected. Narrow the filter first.")
    return found
