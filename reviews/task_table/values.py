"""Reading what was sent as a filter's value. Each reader raises BadValue saying what was expected."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.db import DataError, connection
from django.db.models import BooleanField, DateTimeField, DecimalField, JSONField, TextField, Value
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework.exceptions import ParseError

from tasks.sql import bounded_reads
from tasks.strict_json import parse_json, refuse_unstorable

Reader = Callable[[Any], Any]
LONGEST_TEXT = 10_000
LONGEST_PATTERN = 1_000
LONGEST_LIST = 10_000
MOST_PARTS = 200
LARGEST_EXPONENT = 300
LARGEST_ID = 2**63 - 1
TRUE_OR_FALSE = {"true": True, "1": True, "false": False, "0": False}


class BadValue(Exception):
    """What was expected, as the rest of the sentence "The value …"."""


def number(raw: Any) -> Value:
    try:
        value = Decimal("NaN") if isinstance(raw, bool) else Decimal(str(raw).strip())
    except InvalidOperation:
        raise BadValue("must be a number")
    if not value.is_finite() or abs(value.adjusted()) > LARGEST_EXPONENT:
        raise BadValue("must be a number")
    # A whole number without a point: PostgreSQL then compares integers, and finds its index.
    whole = value == value.to_integral_value()
    return Value(Decimal(int(value)) if whole else value, output_field=DecimalField())


def moment(raw: Any) -> Value:
    """ISO 8601. Without an offset it is of the current time zone (the project's), a date is its midnight."""
    try:
        found = parse_datetime(raw) or _midnight(raw)
    except (TypeError, ValueError):
        found = None
    if found is None:
        raise BadValue("must be a time like 2026-01-31T12:00:00Z")
    aware = found if found.tzinfo else found.replace(tzinfo=timezone.get_current_timezone())
    return Value(aware, output_field=DateTimeField())


def _midnight(raw: str) -> datetime | None:
    day = parse_date(raw)
    return day and datetime.combine(day, time())


def flag(raw: Any) -> bool:
    word = str(raw).strip().lower()
    if word not in TRUE_OR_FALSE:
        raise BadValue("must be true or false")
    return TRUE_OR_FALSE[word]


def truth(raw: Any) -> Value:
    return Value(flag(raw), output_field=BooleanField())


def words(raw: Any) -> str:
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        raise BadValue("must be a text")
    found = str(raw)
    if len(found) > LONGEST_TEXT:
        raise BadValue(f"must have at most {LONGEST_TEXT} characters")
    if "\x00" in found or not found.isascii() and re.search(r"[\ud800-\udfff]", found):
        raise BadValue("must be a text without NUL and without half characters")
    return found


def text(raw: Any) -> Value:
    return Value(words(raw), output_field=TextField())


def part(raw: Any) -> Value:
    """A LIKE pattern: anything that contains these words."""
    escaped = re.sub(r"([\\%_])", r"\\\1", words(raw))
    return Value(f"%{escaped}%", output_field=TextField())


def parts(raw: Any) -> list[Value]:
    sent = raw if isinstance(raw, list) else [raw]
    if len(sent) > MOST_PARTS:
        raise BadValue(f"must have at most {MOST_PARTS} texts")
    return [part(one) for one in sent]


def pattern(raw: Any) -> Value:
    """A regular expression as PostgreSQL understands it, asked of PostgreSQL itself."""
    value = words(raw)
    if len(value) > LONGEST_PATTERN:
        raise BadValue(f"must be a regular expression of at most {LONGEST_PATTERN} characters")
    try:
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS), connection.cursor() as cursor:
            cursor.execute("SELECT '' ~ %s", [value])
    except DataError as error:
        raise BadValue(f"is no regular expression that PostgreSQL understands ({str(error).splitlines()[0]})")
    return Value(value, output_field=TextField())


def document(raw: Any) -> Value:
    """JSON, as such or as text."""
    try:
        found = parse_json(raw.encode("utf-8", "surrogatepass")) if isinstance(raw, str) else raw
        refuse_unstorable(found)
    except ParseError:
        raise BadValue("must be JSON")
    return Value(found, output_field=JSONField())


def ids(raw: Any, *, most: int = LONGEST_LIST) -> list[int]:
    """`7`, `"7"`, `"7, 8 9"` or `[7, 8]`."""
    sent = raw if isinstance(raw, list) else re.split(r"[,;\s]+", str(raw).strip())
    if not sent or len(sent) > most or not all(_is_id(one) for one in sent):
        raise BadValue("must be an id, or several")
    return [int(one) for one in sent]


def _is_id(one: Any) -> bool:
    digits = str(one)
    return (
        not isinstance(one, bool)
        and digits.isascii()
        and digits.isdigit()
        and len(digits) < 20
        and int(digits) <= LARGEST_ID
    )


@dataclass(frozen=True)
class Span:
    """Both ends belong to it; None is open."""

    least: Value | None
    most: Value | None


def span_of(read: Reader) -> Reader:
    def span(raw: Any) -> Span:
        if not isinstance(raw, dict) or not raw.keys() & {"min", "max"}:
            raise BadValue('must be {"min": …, "max": …}')
        return Span(*(None if raw.get(end) is None else read(raw[end]) for end in ("min", "max")))

    return span


def list_of(read: Reader) -> Reader:
    def several(raw: Any) -> list[Value]:
        if not isinstance(raw, list) or len(raw) > LONGEST_LIST:
            raise BadValue(f"must be a list of at most {LONGEST_LIST} values")
        return [read(one) for one in raw]

    return several
