"""`["-tasks:reviews_rejected"]`: the first entry orders the tasks. Empty values come last, ties go by id."""

from typing import Any

from django.db.models import F
from django.db.models.expressions import OrderBy

from tasks.models import Task
from tasks.roles import reads_pseudonyms
from users.sentences import sentence as _

from .columns import PEOPLE_COLUMNS, column_named
from .errors import bad_ordering
from .filters import DATA_PREFIX, Reader, column_of
from .task_data import data_order

ORDER_PREFIX = "tasks:"
NOT_NULL = {F(field.name) for field in Task._meta.concrete_fields if not field.null}


def parse_ordering(ordering: Any, reader: Reader) -> list[OrderBy]:
    """Raises Refused naming the column that is wrong."""
    if not ordering:
        return [F("id").asc()]
    if isinstance(ordering, str):
        ordering = [ordering]
    if not isinstance(ordering, list) or not isinstance(ordering[0], str):
        raise bad_ordering(_('Ordering is a list of columns, as in ["-tasks:id"].'))
    path = ordering[0]
    # Label Studio writes both -tasks:id and tasks:-id.
    descending = path.startswith("-") or path.removeprefix(ORDER_PREFIX).startswith("-")
    name = column_of(ORDER_PREFIX + path.removeprefix("-").removeprefix(ORDER_PREFIX), ORDER_PREFIX)
    return [_order_by(one, descending) for one in [*_expressions(name, reader), F("id")]]


def _expressions(name: str, reader: Reader) -> list[Any]:
    if name.startswith(DATA_PREFIX):
        return data_order(name.removeprefix(DATA_PREFIX))
    column = column_named(name, reader.user, reader.project)
    # The order of real ids would tell pseudonyms apart.
    hidden = name in PEOPLE_COLUMNS and reads_pseudonyms(reader.user, reader.project.pk)
    return [] if hidden else column.source_for(reader.user, reader.project).order_by


def _order_by(expression: Any, descending: bool) -> OrderBy:
    """NULLS LAST only where there can be a NULL: without it an index serves both directions."""
    has_value = isinstance(expression, F) and expression in NOT_NULL
    return OrderBy(expression, descending=descending, nulls_last=None if has_value else True)
