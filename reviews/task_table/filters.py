"""The filter grammar: JSON in, one condition on tasks out.

Only columns (columns.py) and keys of the task's data can be named, so no filter reaches into another table.
"""

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q

from tasks.known_names import unknown_names
from tasks.models import Project
from tasks.pseudonyms import REAL_IDENTITIES, Identities, identities_in
from users.models import User
from users.sentences import sentence as _

from .columns import PEOPLE_COLUMNS, column_named
from .errors import InvalidValue, bad_filter
from .operators import OPERATOR_NAMES, Source
from .task_data import data_source
from .values import MAX_LIST, string

FILTER_PREFIX = "filter:tasks:"
DATA_PREFIX = "data."
CONJUNCTIONS = {"and": and_, "or": or_}
TYPES = {
    "String", "Number", "Boolean", "Datetime", "List", "Image", "Audio", "AudioPlus", "Video",
    "Text", "HyperText", "TimeSeries", "Time", "Unknown",
}  # fmt: skip
MAX_FILTERS = 200


@dataclass(frozen=True)
class Reader:
    """Who filters the tasks of which project: this decides which columns exist, and whom an id names."""

    user: User
    project: Project
    sends_real_ids: bool = False  # a saved tab does: it is shared by readers who know people by different ids

    @property
    def identities(self) -> Identities:
        return REAL_IDENTITIES if self.sends_real_ids else identities_in(self.project.pk, self.user)


def parse_filters(filters: Any, reader: Reader) -> Q:
    """`{"conjunction": "and" | "or", "items": […]}` → Q. Raises Refused(bad_filter) naming what is wrong."""
    if not filters:
        return Q()
    if not isinstance(filters, dict) or not isinstance(filters.get("items", []), list):
        raise bad_filter(_('Filters are an object: {"conjunction": "and", "items": […]}.'))
    if unknown := unknown_names(filters, ("conjunction", "items")):
        raise bad_filter(unknown)
    combine = CONJUNCTIONS.get(str(filters.get("conjunction", "and")))
    if combine is None:
        raise bad_filter(
            _("The conjunction %(filters)r is neither 'and' nor 'or'.", filters=filters["conjunction"])
        )
    groups = [_with_children(item) for item in filters.get("items", [])]
    _refuse_too_many([item for group in groups for item in group])
    conditions = [found for group in groups if (found := _group_condition(group, reader)) is not None]
    return reduce(combine, conditions) if conditions else Q()


def _refuse_too_many(items: list[dict[str, Any]]) -> None:
    """Building a large condition takes time in Python, which the statement timeout does not limit."""
    if len(items) > MAX_FILTERS:
        raise bad_filter(
            _("At most %(max_filters)s filters at once, children included.", max_filters=MAX_FILTERS)
        )
    listed = sum(len(value) for item in items if isinstance(value := item.get("value"), list))
    if listed > MAX_LIST:
        raise bad_filter(
            _(
                "The lists of values have %(listed)s entries together; at most %(max_list)s are allowed.",
                listed=listed,
                max_list=MAX_LIST,
            )
        )


def _with_children(item: Any) -> list[dict[str, Any]]:
    """A filter and its children, all of which must be true."""
    children = _children(item)
    if any(_children(child) for child in children):
        raise bad_filter(_("A child filter cannot have children of its own."))
    return [item, *children]


def _children(item: Any) -> list[Any]:
    """Label Studio sends one `child_filter` or a list of `child_filters`, depending on its version."""
    if not isinstance(item, dict):
        raise bad_filter(_("A filter is an object, not %(item)r.", item=item))
    children = item.get("child_filters") or []
    if not isinstance(children, list):
        raise bad_filter(_("child_filters is a list of filters."))
    return [*children, item["child_filter"]] if item.get("child_filter") else children


def _group_condition(group: list[dict[str, Any]], reader: Reader) -> Q | None:
    conditions = [found for item in group if (found := _condition(item, reader)) is not None]
    return reduce(and_, conditions) if conditions else None


def _condition(item: dict[str, Any], reader: Reader) -> Q | None:
    """None if the filter has no value yet: Label Studio sends filters while they are being filled in."""
    name = column_of(item.get("filter"), FILTER_PREFIX)
    operator_name, value = item.get("operator"), item.get("value")
    if not isinstance(operator_name, str) or operator_name not in OPERATOR_NAMES:
        known = ", ".join(sorted(OPERATOR_NAMES))
        raise bad_filter(
            _(
                "There is no operator %(operator_name)r. Operators are: %(known)s.",
                operator_name=operator_name,
                known=known,
            )
        )
    source = _source(name, item.get("type", "Unknown"), reader)
    operator = source.operators.get(operator_name)
    if operator is None:
        raise bad_filter(
            _(
                "%(name)s does not support %(operator_name)r, only: %(operators)s.",
                name=name,
                operator_name=operator_name,
                operators=", ".join(source.operators),
            )
        )
    if value is None:
        return None
    try:
        parsed = operator.parse(value)
    except InvalidValue as error:
        raise bad_filter(
            _("The value %(value)r for %(name)s %(error)s.", value=str(value)[:100], name=name, error=error)
        )
    if name in PEOPLE_COLUMNS and isinstance(parsed, list):
        parsed = [reader.identities.unmask_id(person) for person in parsed]
    return operator.condition(source, parsed)


def _source(name: str, type_name: Any, reader: Reader) -> Source:
    if not isinstance(type_name, str) or type_name not in TYPES:
        raise bad_filter(
            _(
                "There is no type %(type_name)r. Types are: %(types)s.",
                type_name=type_name,
                types=", ".join(sorted(TYPES)),
            )
        )
    if name.startswith(DATA_PREFIX):
        return data_source(name.removeprefix(DATA_PREFIX), type_name)
    return column_named(name, reader.user, reader.project).source_for(reader.user, reader.project)


def column_of(path: Any, prefix: str) -> str:
    """`filter:tasks:-reviewed` → `reviewed`; `filter:tasks:data.text` → `data.text`."""
    if not isinstance(path, str) or not path.startswith(prefix):
        raise bad_filter(_("%(path)r must begin with %(prefix)r.", path=path, prefix=prefix))
    name = path.removeprefix(prefix).removeprefix("-")
    if name.startswith(DATA_PREFIX):
        return DATA_PREFIX + _data_key(name.removeprefix(DATA_PREFIX))
    if "__" in name:
        raise bad_filter(
            _("'__' is not allowed in %(name)r: a filter never reaches into other tables.", name=name)
        )
    return name


def _data_key(sent: str) -> str:
    try:
        key = string(sent)
    except InvalidValue as error:
        raise bad_filter(_("The key %(sent)r %(error)s.", sent=sent[:100], error=error))
    if not key:
        raise bad_filter(_("'data.' needs a key after it, as in data.text."))
    return key
