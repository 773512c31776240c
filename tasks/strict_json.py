"""JSON as strict as PostgreSQL's: no NaN, no NUL, no lone surrogate, bounded depth."""

import json
import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError

_NOT_IN_JSONB = re.compile("[\x00\ud800-\udfff]")
MAX_DIGITS = 400


def parse_json(raw: bytes, *, limit: int | None = None) -> Any:
    """Raises ParseError."""
    depth = limit or settings.JSON_DEPTH_LIMIT
    refuse_deep(raw, depth)
    try:
        value = DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8: byte {error.start}.") from error
    except (ValueError, RecursionError) as error:
        raise ParseError(f"The body is not JSON: {error}.") from error
    refuse_unstorable(value)
    return value


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
            raise ParseError(f"The body is nested deeper than {limit} levels.")


# An escaped character is one token, so that an escaped quote does not end a string.
_TOKENS = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)


class BoundedDecoder(json.JSONDecoder):
    """Of forms: what is nested too deeply to be read is a mistake like any other."""

    def decode(self, text: str, *args: Any) -> Any:
        try:
            return super().decode(text, *args)
        except RecursionError:
            raise json.JSONDecodeError("Nested too deeply", text, 0) from None


UNSTORABLE = "a NUL or half a surrogate pair in a string, which cannot be stored"


def refuse_unstorable(value: Any) -> None:
    """Refuse what is valid JSON but cannot be stored by PostgreSQL."""
    if (path := unstorable_part(value)) is not None:
        raise ParseError(f"The body has {UNSTORABLE}{f' ({path})' if path else ''}.")


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
    raise ValueError(f"{name} is not a number")


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"a number has {len(text)} digits, at most {MAX_DIGITS} are allowed")
    return int(text)


DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_float, parse_int=_int)
