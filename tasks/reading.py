"""Reads single values as people and tools write them, for the REST API and for files alike.

Each function returns the value as it is stored, or raises Unreadable. What is unambiguous is read: `"0.25"`
is a number, `"false"` is no, a number is a time in seconds since 1970. What may mean two things is refused.
"""

import math
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from rest_framework.fields import BooleanField

from users.sentences import sentence as _

MAX_NUMBER = 2**63
LAST_SECOND = 253_402_300_799  # of the year 9999
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
# The namespace of unique ids that are no UUIDs: the same text always makes the same one.
NAMES = uuid.UUID("6b1f3a44-5a2c-4d0e-9a53-1c7e2f5d8b90")


class Unreadable(ValueError):
    """Its text continues the name of the value: "must be a number, not 'high'"."""


def number(value: Any) -> float:
    """A finite number, or its decimal digits as a text."""
    if isinstance(value, str) and DECIMAL.fullmatch(value.strip()):
        value = float(value)
    # In Python, True is an int.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or abs(value) > MAX_NUMBER or not math.isfinite(value):
        raise Unreadable(_("must be a number, not %(described)s", described=described(value)))
    return value


def boolean(value: Any) -> bool:
    """What REST framework reads: `true`, `"false"`, `1`, `"no"` …"""
    said = value.strip().lower() if isinstance(value, str) else value
    try:
        if said in BooleanField.TRUE_VALUES:
            return True
        if said in BooleanField.FALSE_VALUES:
            return False
    except TypeError:  # a list or an object
        pass
    raise Unreadable(_("must be true or false, not %(described)s", described=described(value)))


def moment(value: Any) -> datetime:
    """ISO 8601, UTC if it names no zone; or seconds (or, beyond the year 9999, milliseconds) since 1970."""
    try:
        return _since_1970(value) if _is_a_count(value) else _iso(value)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(
            _("must be a time as 2026-01-31T12:00:00Z, not %(described)s", described=described(value))
        )


def _is_a_count(value: Any) -> bool:
    if isinstance(value, str):
        # Eight digits are a date: 20260131.
        return len(value) != 8 and DECIMAL.fullmatch(value) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


def _since_1970(value: Any) -> datetime:
    seconds = float(value)
    return datetime.fromtimestamp(seconds / 1000 if seconds > LAST_SECOND else seconds, UTC)


def _iso(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError
    time = datetime.fromisoformat(value.strip())
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def unique_id(value: Any) -> uuid.UUID:
    """A UUID in any spelling; else the UUID that this text or whole number always becomes."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > 255:
        raise Unreadable(
            _("must be a UUID or another short text, not %(described)s", described=described(value))
        )
    try:
        return uuid.UUID(value.strip())
    except ValueError:
        return uuid.uuid5(NAMES, value)


def described(value: Any) -> str:
    """For an error: what it is, or how it begins."""
    if isinstance(value, dict | list):
        return _("an object") if isinstance(value, dict) else "a list"
    if value is None:
        return "null"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 40 else f"{text[:37]}…"
