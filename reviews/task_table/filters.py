"""The grammar of filters: JSON in, one condition on tasks out. Nothing of it names a related table, whatever was sent."""

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import Q

from tasks.models import Project
from tasks.pseudonyms import REAL_IDENTITIES, Identities, identities_in

from . import task_data as taskdata
from .columns import PEOPLE, column_named
from .operators import KNOWN, Operator
from .refusals import bad_filter
from .values import LONGEST_LIST, BadValue, words

PREFIX = "filter:tasks:"
DATA = "data."
CONJUNCTIONS = {"and": and_, "or": or_}
TYPES = {
    "String", "Number", "Boolean", "Datetime", "List", "Image", "Audio", "AudioPlus", "Video",
    "Text", "HyperText", "TimeSeries", "Time", "Unknown",
}  # fmt: skip
MOST_ITEMS = 200


@dataclass(frozen=True)
class Asker:
    """Who asks, of which project: this decides which columns there are, and whom an id names."""

    user: Any
    project: Project
    names_really: bool = False  # the ids of people are real ones, as a saved tab has them

    @property
    def identities(self) -> Identities:
        return REAL_IDENTITIES if self.names_really else identities_in(self.project.pk, self.user)


def condition(filters: Any, asker: Asker) -> Q:
    """`{"conjunction": "and" | "or", "items": […]}` → Q. Raises Refused(bad_filter) naming what is wrong."""
    if not filters:
        return Q()
    if not isinstance(filters, dict) or not isinstance(filters.get("items", []), list):
        raise bad_filter('Filters are an object: {"conjunction": "and", "items": […]}.')
    join = CONJUNCTIONS.get(str(filters.get("conjunction", "and")))
    if join is None:
        raise bad_filter(f"The conjunction {filters['conjunction']!r} is neither 'and' nor 'or'.")
    lines = [_with_children(item) for item in filters.get("items", [])]
    _refuse_too_many([one for line in lines for one in line])
    asked = [question for line in lines if (question := _line(line, asker)) is not None]
    return reduce(join, asked) if asked else Q()


def _refuse_too_many(everything: list[dict[str, Any]]) -> None:
    """What one request may ask is bounded as a whole: making the question costs time, too, and no timeout ends that."""
    if len(everything) > MOST_ITEMS:
        raise bad_filter(f"At most {MOST_ITEMS} filters at once, children included.")
    listed = sum(len(value) for one in everything if isinstance(value := one.get("value"), list))
    if listed > LONGEST_LIST:
        raise bad_filter(
            f"The lists of values have {listed} entries together; at most {LONGEST_LIST} are taken."
        )


def _with_children(item: Any) -> list[dict[str, Any]]:
    """One line of the filter form: a filter and its children, all of which must hold."""
    children = _children(item)
    if any(_children(child) for child in children):
        raise bad_filter("A child filter cannot have children of its own.")
    return [item, *children]


def _line(line: list[dict[str, Any]], asker: Asker) -> Q | None:
    parts = [part for one in line if (part := _one(one, asker)) is not None]
    return reduce(and_, parts) if parts else None


def _children(item: Any) -> list[Any]:
    if not isinstance(item, dict):
        raise bad_filter(f"A filter is an object, not {item!r}.")
    children = item.get("child_filters") or []
    if not isinstance(children, list):
        raise bad_filter("child_filters is a list of filters.")
    return [*children, item["child_filter"]] if item.get("child_filter") else children


def _one(item: dict[str, Any], asker: Asker) -> Q | None:
    """None for a filter whose value nobody has filled in yet, as Label Studio does."""
    name = column_of(item.get("filter"), PREFIX)
    operator_name, value = item.get("operator"), item.get("value")
    if not isinstance(operator_name, str) or operator_name not in KNOWN:
        raise bad_filter(
            f"There is no operator {operator_name!r}. Operators are: {', '.join(sorted(KNOWN))}."
        )
    source = _source(name, item.get("type", "Unknown"), asker)
    operator = source.operators.get(operator_name)
    if operator is None:
        raise bad_filter(
            f"{name} cannot be asked {operator_name!r}. It knows: {', '.join(source.operators)}."
        )
    return None if value is None else _ask(source, operator, name, value, asker.identities)


def _ask(source: Any, operator: Operator, name: str, value: Any, identities: Identities) -> Q:
    try:
        asked = operator.read(value)
        if name in PEOPLE and isinstance(asked, list):
            asked = [identities.unmask_id(one) for one in asked]
        return operator.ask(source, asked)
    except BadValue as error:
        raise bad_filter(f"The value {str(value)[:100]!r} for {name} {error}.")


def _source(name: str, kind: Any, asker: Asker) -> Any:
    if not isinstance(kind, str) or kind not in TYPES:
        raise bad_filter(f"There is no type {kind!r}. Types are: {', '.join(sorted(TYPES))}.")
    if name.startswith(DATA):
        return taskdata.data(name.removeprefix(DATA), kind)
    return column_named(name, asker.user, asker.project).source(asker.user)


def column_of(path: Any, prefix: str) -> str:
    """`filter:tasks:-reviewed` → `reviewed`. A path into other tables is refused, and so is what is no text."""
    if not isinstance(path, str) or not path.startswith(prefix):
        raise bad_filter(f"{path!r} must begin with {prefix!r}.")
    name = path.removeprefix(prefix).removeprefix("-")
    if name.startswith(DATA):
        return DATA + _key(name.removeprefix(DATA))
    if "__" in name:
        raise bad_filter(f"'__' is not allowed in {name!r}: a filter never reaches into other tables.")
    return name


def _key(key: str) -> str:
    try:
        found = words(key)
    except BadValue as error:
        raise bad_filter(f"The key {key[:100]!r} {error}.")
    if not found:
        raise bad_filter("'data.' needs a key behind it, as in data.text.")
    return found
