"""The operators of the filter grammar: for each kind of value a table, operator → how its value is read and what it asks.

A *test* is a condition on one expression. A *source* (see sources.py) says where the expression comes from, and what it
means that a test holds of it, that it does not, and that there is nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Protocol

from django.db.models import BooleanField, Func, Q, TextField
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
from .values import Reader, Span

Test = Callable[[Any, Any], Q]


class Source(Protocol):
    def holds(self, test: Test, value: Any) -> Q: ...

    def lacks(self, test: Test, value: Any) -> Q: ...

    def empty(self) -> Q: ...


@dataclass(frozen=True)
class Operator:
    read: Reader
    ask: Callable[[Source, Any], Q]


# --- tests ----------------------------------------------------------------------------------------


def comparison(lookup: type) -> Test:
    return lambda expression, value: Q(lookup(expression, value))


equal = comparison(Exact)


def among(expression: Any, choices: list) -> Q:
    return Q(In(expression, choices))


def between(expression: Any, span: Span) -> Q:
    """An end that is None is open; a row without a value lies between nothing."""
    ends = Q(IsNull(expression, False))
    if span.least is not None:
        ends &= Q(GreaterThanOrEqual(expression, span.least))
    if span.most is not None:
        ends &= Q(LessThanOrEqual(expression, span.most))
    return ends


def contains(expression: Any, like: Any) -> Q:
    return Q(_infix(expression, " ILIKE ", like))


def contains_any(expression: Any, likes: Iterable[Any]) -> Q:
    return reduce(or_, (contains(expression, like) for like in likes), among(expression, []))


def matches(expression: Any, pattern: Any) -> Q:
    return Q(_infix(expression, " ~ ", pattern))


def _infix(expression: Any, operator: str, value: Any) -> Func:
    """Of anything, as text: an id or a number contains digits."""
    as_text = Cast(expression, TextField())
    return Func(
        as_text, value, template="(%(expressions)s)", arg_joiner=operator, output_field=BooleanField()
    )


# --- what an operator asks of a source --------------------------------------------------------------


def has(test: Test, read: Reader) -> Operator:
    return Operator(read, lambda source, value: source.holds(test, value))


def lacks(test: Test, read: Reader) -> Operator:
    return Operator(read, lambda source, value: source.lacks(test, value))


EMPTY = {"empty": Operator(values.flag, lambda source, wanted: source.empty() if wanted else ~source.empty())}


def equality(read: Reader) -> dict[str, Operator]:
    several = values.list_of(read)
    return {
        "equal": has(equal, read),
        "not_equal": lacks(equal, read),
        "in_list": has(among, several),
        "not_in_list": lacks(among, several),
    } | EMPTY


def order(read: Reader) -> dict[str, Operator]:
    span = values.span_of(read)
    return {
        "less": has(comparison(LessThan), read),
        "greater": has(comparison(GreaterThan), read),
        "less_or_equal": has(comparison(LessThanOrEqual), read),
        "greater_or_equal": has(comparison(GreaterThanOrEqual), read),
        "in": has(between, span),
        "not_in": lacks(between, span),
    }


TEXTUAL = {
    "contains": has(contains, values.part),
    "not_contains": lacks(contains, values.part),
    "regex": has(matches, values.pattern),
}

# --- one table for each kind of value ---------------------------------------------------------------

NUMBER = equality(values.number) | order(values.number) | TEXTUAL
MOMENT = equality(values.moment) | order(values.moment)
TRUTH = equality(values.truth)
TEXT = equality(values.text) | order(values.text) | TEXTUAL
IDS = {
    **dict.fromkeys(("contains", "equal", "in_list"), has(among, values.ids)),
    **dict.fromkeys(("not_contains", "not_equal", "not_in_list"), lacks(among, values.ids)),
} | EMPTY
NAMES = {
    "contains": has(contains_any, values.parts),
    "not_contains": lacks(contains_any, values.parts),
} | equality(values.text)
RESULT = TEXTUAL | {"equal": has(equal, values.document), "not_equal": lacks(equal, values.document)} | EMPTY

KNOWN = frozenset(NUMBER)
