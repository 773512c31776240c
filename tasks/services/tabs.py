"""Tabs of the data manager: everything that writes one."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from users.models import User

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
# Null: whoever reads the tab gets the columns that are shown by default. Empty lists hide nothing.
COMMON: dict[str, Any] = {"hiddenColumns": None, "ordering": [], "type": "list", "target": "tasks"}


def ensure_defaults(project: Project) -> None:
    """The tabs a project starts with, made when somebody first looks."""
    if View.objects.filter(project=project).exists():
        return
    with transaction.atomic():
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


def change(view: View, fields: dict[str, Any]) -> View:
    for name, value in fields.items():
        setattr(view, name, value)
    if fields:
        view.save(update_fields=list(fields))
    return view


def arrange(project: Project, ids: Sequence[int]) -> None:
    """Put the tabs in this order; one that is not named stays where it is."""
    place = {pk: number for number, pk in enumerate(ids)}
    views = list(View.objects.filter(project=project, pk__in=ids))
    for view in views:
        view.order = place[view.pk]
    update_rows(views, ["order"])


def reset(project: Project) -> None:
    View.objects.filter(project=project).delete()
