"""Checks the values in a file. Each `as_…` returns the value as it is stored, or raises InvalidField."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tasks import reading
from tasks.reading import MAX_NUMBER, described
from tasks.results import malformed_part
from users.emails import InvalidEmail, canonical_email
from users.sentences import sentence as _

MAX_SECONDS = 1_000_000_000


class InvalidField(ValueError):
    """`path` is where: `annotations[0].completed_by`. `problem` continues it: "must be a list"."""

    def __init__(self, path: str, problem: str):
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path, self.problem = path, problem


Reader = Callable[[Any, str], Any]


def read(raw: dict[str, Any], key: str, reader: Reader, path: str, default: Any = None) -> Any:
    """The value of `key`, or `default` if it is null or absent."""
    value = raw.get(key)
    return default if value is None else reader(value, f"{path}{key}")


def as_object(value: Any, path: str) -> dict[str, Any]:
    return _of(dict, value, path, _("an object"))


def as_list(value: Any, path: str) -> list[Any]:
    return _of(list, value, path, _("a list"))


def as_meta(value: Any, path: str) -> dict[str, Any] | list[Any]:
    return _of(dict | list, value, path, _("an object or a list"))


def as_text(value: Any, path: str) -> str:
    return _of(str, value, path, _("a text"))


def as_name(value: Any, path: str) -> str:
    """At most 255 characters. A number becomes its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if len(as_text(value, path)) > 255:
        raise InvalidField(path, _("must be at most 255 characters long"))
    return value


def _of(kind: Any, value: Any, path: str, name: str) -> Any:
    if not isinstance(value, kind):
        raise InvalidField(
            path, _("must be %(name)s, not %(described)s", name=name, described=described(value))
        )
    return value


def _read_by(reader: Callable[[Any], Any], value: Any, path: str) -> Any:
    try:
        return reader(value)
    except reading.Unreadable as error:
        raise InvalidField(path, error.args[0])


def as_number(value: Any, path: str) -> float:
    return _read_by(reading.number, value, path)


def as_duration(value: Any, path: str) -> float:
    """In seconds, with the limits of the REST API."""
    seconds = as_number(value, path)
    if not 0 <= seconds <= MAX_SECONDS:
        limits = _(
            "must be a number of seconds from 0 to %(most)s, not %(value)s", most=MAX_SECONDS, value=value
        )
        raise InvalidField(path, limits)
    return seconds


def as_bool(value: Any, path: str) -> bool:
    return _read_by(reading.boolean, value, path)


def as_datetime(value: Any, path: str) -> datetime:
    return _read_by(reading.moment, value, path)


def as_uuid(value: Any, path: str) -> uuid.UUID:
    return _read_by(reading.unique_id, value, path)


def as_id(value: Any, path: str) -> int:
    if is_written_id(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < MAX_NUMBER:
        raise InvalidField(path, _("must be an id, not %(described)s", described=described(value)))
    return value


def is_written_id(value: Any) -> bool:
    """A whole number as a text."""
    return isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 19


def as_result(value: Any, path: str) -> list[dict[str, Any]]:
    if found := malformed_part(as_list(value, path)):
        below, problem = found
        raise InvalidField(f"{path}{below[:200]}", problem)
    return value


def as_email(value: Any, path: str) -> str:
    try:
        return canonical_email(as_text(value, path))
    except InvalidEmail:
        raise InvalidField(path, _("must be an e-mail, not %(described)s", described=described(value)))


def as_person(value: Any, path: str) -> str:
    """The key by which a person of the file is looked up: an e-mail, or `#4` for the file's user 4."""
    if is_written_id(value):
        value = int(value)
    if isinstance(value, str):
        return as_email(value, path)
    if isinstance(value, dict):
        return read(value, "email", as_email, f"{path}.") or read(value, "id", as_person, f"{path}.", "")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < MAX_NUMBER:
        raise InvalidField(
            path, _('must be an id, an e-mail or {"email": …}, not %(described)s', described=described(value))
        )
    return f"#{value}"
