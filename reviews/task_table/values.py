"""Parsers for the value of a filter. Each raises InvalidValue saying what was expected."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import DataError, connection
from django.db.models import BooleanField, DateTimeField, DecimalField, JSONField, TextField, Value
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework.exceptions import ParseError

from tasks.sql import bounded_reads
from tasks.strict_json import parse_json, refuse_unstorable
from users.sentences import sentence as _

from .errors import InvalidValue

Parser = Callable[[Any], Any]
MAX_TEXT = 10_000
MAX_REGEX = 1_000
MAX_LIST = 10_000
MAX_SUBSTRINGS = 200
MAX_EXPONENT = 300
MAX_ID = 2**63 - 1
# Python's own reading is wider: it takes `1_000`, `Infinity` and the digits of every script.
DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def number(raw: Any) -> Value:
    written = str(raw).strip()
    if isinstance(raw, bool) or not DECIMAL.fullmatch(written):
        raise InvalidValue(_("must be a number"))
    value = Decimal(written)
    # Without the bound 1e999999999 would be written out digit by digit.
    if abs(value.adjusted()) > MAX_EXPONENT:
        raise InvalidValue(_("must be a number"))
    # A whole number without a point: PostgreSQL then compares integers and can use the index.
    whole = value == value.to_integral_value()
    return Value(Decimal(int(value)) if whole else value, output_field=DecimalField())


def date_time(raw: Any) -> Value:
    """ISO 8601.

    Without an offset it is in the current time zone (the project's). A date means its midnight.
    """
    try:
        parsed = parse_datetime(raw) or _midnight(raw)
    except (TypeError, ValueError):
        parsed = None
    if parsed is None:
        raise InvalidValue(_("must be a time like 2026-01-31T12:00:00Z"))
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.get_current_timezone())
    try:
        return Value(aware.astimezone(UTC), output_field=DateTimeField())
    except OverflowError:
        raise InvalidValue(_("must be a time between the years 1 and 9999"))


def _midnight(raw: str) -> datetime | None:
    day = parse_date(raw)
    return None if day is None else datetime.combine(day, time())


def flag(raw: Any) -> bool:
    word = str(raw).strip().lower()
    if word not in BOOLEANS:
        raise InvalidValue(_("must be true or false"))
    return BOOLEANS[word]


def boolean(raw: Any) -> Value:
    return Value(flag(raw), output_field=BooleanField())


def string(raw: Any) -> str:
    """A text PostgreSQL can store: no NUL, no half of a surrogate pair."""
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        raise InvalidValue(_("must be a text"))
    found = str(raw)
    if len(found) > MAX_TEXT:
        raise InvalidValue(_("must have at most %(max_text)s characters", max_text=MAX_TEXT))
    if "\x00" in found or not found.isascii() and re.search(r"[\ud800-\udfff]", found):
        raise InvalidValue(_("must be a text without NUL and without unpaired surrogates"))
    return found


def text(raw: Any) -> Value:
    return Value(string(raw), output_field=TextField())


def substring(raw: Any) -> Value:
    """A LIKE pattern that matches any text containing this one."""
    escaped = re.sub(r"([\\%_])", r"\\\1", string(raw))
    return Value(f"%{escaped}%", output_field=TextField())


def substrings(raw: Any) -> list[Value]:
    """LIKE patterns, of one text or of a list of them."""
    sent = raw if isinstance(raw, list) else [raw]
    if len(sent) > MAX_SUBSTRINGS:
        raise InvalidValue(_("must have at most %(max_substrings)s texts", max_substrings=MAX_SUBSTRINGS))
    return [substring(one) for one in sent]


def parts_of_ids(raw: Any) -> list[Value]:
    """The same of a text with commas, as the column shows it: `"7, 8"`."""
    sent = raw if isinstance(raw, list) else re.split(r"[,;\s]+", string(raw).strip())
    return substrings([part for part in sent if part != ""])


def regex(raw: Any) -> Value:
    """A regular expression in PostgreSQL's dialect, so PostgreSQL itself checks it."""
    value = string(raw)
    if len(value) > MAX_REGEX:
        raise InvalidValue(
            _("must be a regular expression of at most %(max_regex)s characters", max_regex=MAX_REGEX)
        )
    try:
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS), connection.cursor() as cursor:
            cursor.execute("SELECT '' ~ %s", [value])
    except DataError as error:
        reason = str(error).splitlines()[0]
        raise InvalidValue(
            _("is not a regular expression that PostgreSQL understands (%(reason)s)", reason=reason)
        )
    return Value(value, output_field=TextField())


def json_document(raw: Any) -> Value:
    """JSON, parsed or as text."""
    try:
        found = parse_json(raw.encode("utf-8", "surrogatepass")) if isinstance(raw, str) else raw
        refuse_unstorable(found)
    except ParseError:
        raise InvalidValue(_("must be JSON"))
    return Value(found, output_field=JSONField())


def ids(raw: Any, *, most: int = MAX_LIST) -> list[int]:
    """`7`, `"7"`, `"7, 8 9"` or `[7, 8]`."""
    sent = raw if isinstance(raw, list) else re.split(r"[,;\s]+", str(raw).strip())
    if not sent or len(sent) > most or not all(_is_id(one) for one in sent):
        raise InvalidValue(_("must be an id or a list of ids"))
    return [int(one) for one in sent]


def _is_id(one: Any) -> bool:
    digits = str(one)
    is_number = not isinstance(one, bool) and digits.isascii() and digits.isdigit()
    return is_number and len(digits) < 20 and int(digits) <= MAX_ID


@dataclass(frozen=True)
class Range:
    """Both ends are included; None is open."""

    low: Value | None
    high: Value | None


def range_of(parse: Parser) -> Parser:
    def parse_range(raw: Any) -> Range:
        if not isinstance(raw, dict) or not raw.keys() & {"min", "max"}:
            raise InvalidValue(_('must be {"min": …, "max": …}'))
        return Range(*(None if raw.get(end) is None else parse(raw[end]) for end in ("min", "max")))

    return parse_range


def list_of(parse: Parser) -> Parser:
    def parse_list(raw: Any) -> list[Value]:
        if not isinstance(raw, list) or len(raw) > MAX_LIST:
            raise InvalidValue(_("must be a list of at most %(max_list)s values", max_list=MAX_LIST))
        return [parse(one) for one in raw]

    return parse_list
