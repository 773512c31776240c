"""What a value of a file must be. Each kind answers with the value as we keep it, or raises Wrong."""

import math
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

EMAIL = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,180}")
LARGEST = 2**63


class Wrong(ValueError):
    """What is wrong, and where: `annotations[0].completed_by`."""

    def __init__(self, path: str, words: str):
        super().__init__(f"{path}: {words}" if path else words)
        self.path = path


Kind = Callable[[Any, str], Any]


def take(raw: dict[str, Any], key: str, kind: Kind, path: str, default: Any = None) -> Any:
    """The value under `key`, or `default` when it is null or absent."""
    value = raw.get(key)
    return default if value is None else kind(value, f"{path}{key}")


def an_object(value: Any, path: str) -> dict[str, Any]:
    return _of(dict, value, path, "an object")


def a_list(value: Any, path: str) -> list[Any]:
    return _of(list, value, path, "a list")


def a_flag(value: Any, path: str) -> bool:
    return _of(bool, value, path, "true or false")


def words(value: Any, path: str) -> str:
    return _of(str, value, path, "a text")


def a_name(value: Any, path: str) -> str:
    """A text of at most 255 characters; a number is taken as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if len(words(value, path)) > 255:
        raise Wrong(path, "must be at most 255 characters long")
    return value


def _of(kind: type, value: Any, path: str, name: str) -> Any:
    if not isinstance(value, kind):
        raise Wrong(path, f"must be {name}, not {shown(value)}")
    return value


def a_number(value: Any, path: str) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or abs(value) > LARGEST
        or not math.isfinite(value)
    ):
        raise Wrong(path, f"must be a number, not {shown(value)}")
    return value


def an_id(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < LARGEST:
        raise Wrong(path, f"must be an id, not {shown(value)}")
    return value


def a_moment(value: Any, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(words(value, path))
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if isinstance(error, Wrong):
            raise
        raise Wrong(path, f"must be a time as 2026-01-31T12:00:00Z, not {shown(value)}")
    return moment


def a_uuid(value: Any, path: str) -> uuid.UUID:
    try:
        return uuid.UUID(words(value, path))
    except ValueError as error:
        if isinstance(error, Wrong):
            raise
        raise Wrong(path, f"must be a UUID, not {shown(value)}")


def a_result(value: Any, path: str) -> list[dict[str, Any]]:
    for number, region in enumerate(a_list(value, path)):
        if not isinstance(region, dict):
            raise Wrong(f"{path}[{number}]", f"must be a region (an object), not {shown(region)}")
    return value


def an_email(value: Any, path: str) -> str:
    if not EMAIL.fullmatch(words(value, path)):
        raise Wrong(path, f"must be an e-mail, not {shown(value)}")
    return value.lower()


def somebody(value: Any, path: str) -> str:
    """A person as a file names one, as the key they are looked up by: an e-mail, or `#4` for whom the file calls 4."""
    if isinstance(value, str):
        return an_email(value, path)
    if isinstance(value, dict):
        return take(value, "email", an_email, f"{path}.") or take(value, "id", somebody, f"{path}.", "")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < LARGEST:
        raise Wrong(path, f'must be an id, an e-mail or {{"email": …}}, not {shown(value)}')
    return f"#{value}"


def shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 40 else f"{text[:37]}…"
