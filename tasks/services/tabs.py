"""Tabs of the data manager."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from users.models import User
from users.sentences import sentence as _

from ..errors import Refused
from ..models import Project, View
from ..sql import update_rows

DEFAULTS: tuple[dict[str, Any], ...] = (
    {"title": "Default"},
    {
        "title": "Rejected",
        "filters": {
            "conjunction": "and",
            "items": [
                {
                    "filter": "filter:tasks:reviews_rejected",
                    "operator": "greater",
                    "type": "Number",
                    "value": 0,
                }
            ],
        },
    },
)
# Null: the default columns are shown. Empty lists would hide none.
COMMON: dict[str, Any] = {"hiddenColumns": None, "ordering": [], "type": "list", "target": "tasks"}


def ensure_defaults(project: Project) -> None:
    """Create the tabs every project starts with, when somebody first opens the data manager."""
    if View.objects.filter(project=project).exists():
        return
    with transaction.atomic():
        # Two people who open it at once must not create two sets.
        Project.objects.select_for_update(no_key=True, of=("self",)).get(pk=project.pk)
        if not View.objects.filter(project=project).exists():
            View.objects.bulk_create(
                View(project=project, data={**COMMON, **data}, order=place)
                for place, data in enumerate(DEFAULTS)
            )


def create(project: Project, *, actor: User, **fields: Any) -> View:
    last = View.objects.filter(project=project).aggregate(last=Max("order"))["last"]
    place = 0 if last is None else last + 1
    return View.objects.create(project=project, created_by=actor, **({"order": place} | fields))


def change(view: View, fields: dict[str, Any] | Callable[[View], dict[str, Any]]) -> View:
    """`fields`, or what a function makes of the tab as it is now. Raises Refused(404) if it was deleted."""
    with transaction.atomic():
        rows = View.objects.select_for_update(no_key=True, of=("self",)).select_related("project")
        locked = rows.filter(pk=view.pk).first()
        if locked is None:
            raise Refused("not_found", _("This tab no longer exists."), status=404)
        changes = fields(locked) if callable(fields) else fields
        for name, value in changes.items():
            setattr(locked, name, value)
        if changes:
            locked.save(update_fields=list(changes))
    return locked


def arrange(project: Project, ids: Sequence[int]) -> None:
    """Put the tabs in this order. Tabs not listed keep their position."""
    place = {pk: number for number, pk in enumerate(ids)}
    with transaction.atomic():
        rows = View.objects.filter(project=project, pk__in=ids).order_by("pk")
        views = list(rows.select_for_update(no_key=True))
        for view in views:
            view.order = place[view.pk]
        update_rows(views, ["order"])


def reset(project: Project) -> None:
    View.objects.filter(project=project).delete()
