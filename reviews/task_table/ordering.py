"""`["-tasks:reviews_rejected"]`: the first entry orders, rows without a value come last, ties go by id."""

from typing import Any

from django.db.models import F
from django.db.models.expressions import OrderBy

from tasks.models import Task
from tasks.roles import reads_pseudonyms

from . import task_data as taskdata
from .columns import PEOPLE, column_named
from .filters import DATA, Asker, column_of
from .refusals import bad_ordering

PREFIX = "tasks:"
NEVER_EMPTY = {field.name for field in Task._meta.concrete_fields if not field.null}


def order(ordering: Any, asker: Asker) -> list[OrderBy]:
    """Raises Refused naming the column that is wrong."""
    if not ordering:
        return [F("id").asc()]
    if isinstance(ordering, str):
        ordering = [ordering]
    if not isinstance(ordering, list) or not isinstance(ordering[0], str):
        raise bad_ordering('Ordering is a list of columns, as in ["-tasks:id"].')
    path = ordering[0]
    down = path.startswith("-") or path.removeprefix(PREFIX).startswith("-")
    name = column_of(PREFIX + path.removeprefix("-").removeprefix(PREFIX), PREFIX)
    return [_directed(one, down) for one in [*_expressions(name, asker), F("id")]]


def _expressions(name: str, asker: Asker) -> list[Any]:
    if name.startswith(DATA):
        return taskdata.data_order(name.removeprefix(DATA))
    column = column_named(name, asker.user, asker.project)
    # The order of people's ids would tell pseudonyms apart.
    hidden = name in PEOPLE and reads_pseudonyms(asker.user, asker.project.pk)
    return [] if hidden else column.source(asker.user).orders_by


def _directed(expression: Any, down: bool) -> OrderBy:
    """Where there is always a value, nothing is said of none: an index then serves both directions."""
    always = isinstance(expression, F) and expression.name in NEVER_EMPTY
    return OrderBy(expression, descending=down, nulls_last=None if always else True)
