"""Operators of filters: for each type of value, the operator's name, its parser and its meaning.

A *predicate* is a condition on one SQL expression. A *source* (sources.py) knows where a column's values come
from, and so what it means that a predicate is true for a task, that it is not, and that the column is empty.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Protocol

from django.db.models import BooleanField, Func, Lookup, Q, TextField
from django.db.models.functions import Cast
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from . import values
from .values import Parser, Range

Predicate = Callable[[Any, Any], Q]


class Source(Protocol):
    @property
    def operators(self) -> "Operators": ...

    @property
    def order_by(self) -> list[Any]: ...

    def where(self, predicate: Predicate, value: Any) -> Q: ...

    def where_not(self, predicate: Predicate, value: Any) -> Q: ...

    def where_empty(self) -> Q: ...


@dataclass(frozen=True)
class Operator:
    parse: Parser
    condition: Callable[[Source, Any], Q]


Operators = dict[str, Operator]

# --- predicates -----------------------------------------------------------------------------------


def comparison(lookup: type[Lookup]) -> Predicate:
    return lambda expression, value: Q(lookup(expression, value))


equals = comparison(Exact)


def is_one_of(expression: Any, choices: list) -> Q:
    return Q(In(expression, choices))


def is_between(expression: Any, limits: Range) -> Q:
    """Also with both ends open a row needs a value."""
    condition = Q(IsNull(expression, False))
    if limits.low is not None:
        condition &= Q(GreaterThanOrEqual(expression, limits.low))
    if limits.high is not None:
        condition &= Q(LessThanOrEqual(expression, limits.high))
    return condition


def contains(expression: Any, pattern: Any) -> Q:
    return Q(_as_text(expression, " ILIKE ", pattern))


def contains_any(expression: Any, patterns: Iterable[Any]) -> Q:
    nothing = is_one_of(expression, [])
    return reduce(or_, (contains(expression, pattern) for pattern in patterns), nothing)


def matches_regex(expression: Any, pattern: Any) -> Q:
    return Q(_as_text(expression, " ~ ", pattern))


def _as_text(expression: Any, operator: str, pattern: Any) -> Func:
    """Whatever the type: an id or a number contains digits."""
    text = Cast(expression, TextField())
    return Func(text, pattern, template="(%(expressions)s)", arg_joiner=operator, output_field=BooleanField())


# --- what an operator makes of a source ---------------------------------------------------------------


def when(predicate: Predicate, parse: Parser) -> Operator:
    return Operator(parse, lambda source, value: source.where(predicate, value))


def unless(predicate: Predicate, parse: Parser) -> Operator:
    return Operator(parse, lambda source, value: source.where_not(predicate, value))


EMPTY = {
    "empty": Operator(
        values.flag, lambda source, wanted: source.where_empty() if wanted else ~source.where_empty()
    )
}


def equality(parse: Parser) -> Operators:
    parse_list = values.list_of(parse)
    return {
        "equal": when(equals, parse),
        "not_equal": unless(equals, parse),
        "in_list": when(is_one_of, parse_list),
        "not_in_list": unless(is_one_of, parse_list),
    } | EMPTY


def ordered(parse: Parser) -> Operators:
    parse_range = values.range_of(parse)
    return {
        "less": when(comparison(LessThan), parse),
        "greater": when(comparison(GreaterThan), parse),
        "less_or_equal": when(comparison(LessThanOrEqual), parse),
        "greater_or_equal": when(comparison(GreaterThanOrEqual), parse),
        "in": when(is_between, parse_range),
        "not_in": unless(is_between, parse_range),
    }


TEXT_SEARCH = {
    "contains": when(contains, values.substring),
    "not_contains": unless(contains, values.substring),
    "regex": when(matches_regex, values.regex),
}

# --- one table for each type of value -----------------------------------------------------------------

NUMBER = equality(values.number) | ordered(values.number) | TEXT_SEARCH
DATETIME = equality(values.date_time) | ordered(values.date_time)
BOOLEAN = equality(values.boolean)
TEXT = equality(values.text) | ordered(values.text) | TEXT_SEARCH
# Label Studio's "contains" on a list of ids means: is one of these.
IDS = {
    **dict.fromkeys(("contains", "equal", "in_list"), when(is_one_of, values.ids)),
    **dict.fromkeys(("not_contains", "not_equal", "not_in_list"), unless(is_one_of, values.ids)),
} | EMPTY
# Of a column that Label Studio shows as one text of ids: `contains` also finds a part of an id.
TEXT_OF_IDS = IDS | {
    "contains": when(contains_any, values.parts_of_ids),
    "not_contains": unless(contains_any, values.parts_of_ids),
    "regex": when(matches_regex, values.regex),
}
NAMES = {
    "contains": when(contains_any, values.substrings),
    "not_contains": unless(contains_any, values.substrings),
} | equality(values.text)
RESULT = (
    TEXT_SEARCH
    | {"equal": when(equals, values.json_document), "not_equal": unless(equals, values.json_document)}
    | EMPTY
)

OPERATOR_NAMES = frozenset(NUMBER)
