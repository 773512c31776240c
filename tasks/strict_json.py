"""JSON as strict as PostgreSQL's: no NaN, no NUL, no lone surrogate, bounded depth."""

import json
import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError

from users.sentences import sentence as _

_NOT_IN_JSONB = re.compile("[\x00\ud800-\udfff]")
MAX_DIGITS = 400

# What the decoder says, in English and without where: it cannot be translated as it is.
DECODER_ERRORS = {
    "Expecting value": _("a value is missing"),
    "Expecting ',' delimiter": _("a comma is missing"),
    "Expecting ':' delimiter": _("a colon is missing"),
    "Expecting property name enclosed in double quotes": _("a key in double quotes is missing"),
    "Invalid control character at": _("a line break or another control character is not escaped"),
    "Unterminated string starting at": _("a text that never ends begins"),
    "Extra data": _("something follows its end"),
    "Invalid \\escape": _("a backslash is not followed by what it may escape"),
    "Invalid \\uXXXX escape": _("four hexadecimal digits are missing"),
}


def parse_json(raw: bytes, *, limit: int | None = None) -> Any:
    """Raises ParseError."""
    depth = limit or settings.JSON_DEPTH_LIMIT
    refuse_deep(raw, depth)
    try:
        value = DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ParseError(_("The body is not UTF-8: byte %(byte)s.", byte=error.start)) from error
    except json.JSONDecodeError as error:
        what = decoder_error(error, error.pos)
        raise ParseError(_("The body is not JSON: %(error)s.", error=what)) from error
    except (ValueError, RecursionError) as error:
        raise ParseError(_("The body is not JSON: %(error)s.", error=error)) from error
    refuse_unstorable(value)
    return value


def decoder_error(error: json.JSONDecodeError, at: int) -> str:
    """As a sentence without its subject. `at` is the character, from 0."""
    what = DECODER_ERRORS.get(error.msg.partition(": ")[0], error.msg)
    return _("%(msg)s at character %(at)s", msg=what, at=at)


def refuse_deep(raw: bytes, limit: int) -> None:
    """Count brackets before anything recursive parses them. Brackets in strings do not count."""
    depth = deepest = 0
    in_string = False
    for match in _TOKENS.finditer(raw):
        byte = match.group()
        if in_string:
            in_string = byte != b'"'
        elif byte == b'"':
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
        if deepest > limit:
            raise ParseError(_("The body is nested deeper than %(limit)s levels.", limit=limit))


# An escaped character is one token, so that an escaped quote does not end a string.
_TOKENS = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)


class BoundedDecoder(json.JSONDecoder):
    """Of forms: what is nested too deeply to be read is a mistake like any other."""

    def decode(self, text: str, *args: Any) -> Any:
        try:
            return super().decode(text, *args)
        except RecursionError:
            raise json.JSONDecodeError(_("Nested too deeply"), text, 0) from None


UNSTORABLE = _("a NUL or half a surrogate pair in a string, which cannot be stored")


def refuse_unstorable(value: Any) -> None:
    """Refuse what is valid JSON but cannot be stored by PostgreSQL."""
    if (path := unstorable_part(value)) is not None:
        raise ParseError(
            _(
                "The body has %(found)s%(where)s.",
                found=UNSTORABLE,
                where=f" ({path})" if path else "",
            )
        )


def unstorable_part(value: Any) -> str | None:
    """The path of the first text that cannot be stored, "" for the value itself; None if there is none."""
    if isinstance(value, str):
        return "" if _NOT_IN_JSONB.search(value) else None
    if isinstance(value, dict):
        if key := next(filter(_NOT_IN_JSONB.search, value), None):
            return f"the key {ascii(key)}"
        parts: Iterable[tuple[str, Any]] = value.items()
    elif isinstance(value, list):
        parts = ((f"[{place}]", inner) for place, inner in enumerate(value))
    else:
        return None
    for step, inner in parts:
        if (below := unstorable_part(inner)) is not None:
            return f"{step}{'.' if below and below[0] != '[' else ''}{below}"
    return None


def _refuse_constant(name: str) -> Any:
    raise ValueError(_("%(name)s is not a number", name=name))


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(_("%(text)s is too large a number", text=text[:20]))
    return value


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(
            _(
                "a number has %(digits)s digits, at most %(most)s are allowed",
                digits=len(text),
                most=MAX_DIGITS,
            )
        )
    return int(text)


DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_float, parse_int=_int)
