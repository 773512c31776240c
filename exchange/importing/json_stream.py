"""Reads the tasks of a JSON file one by one, so that only one is in memory at a time.

Why not by ijson: docs/decisions/011-imports-read-json-with-the-standard-library.md
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from tasks.errors import Refused
from tasks.reading import described
from tasks.strict_json import DECODER, UNSTORABLE, decoder_error, unstorable_part
from users.sentences import sentence as _

from .found import Found
from .known_keys import EMPTY
from .problems import invalid_import
from .text_stream import CHUNK, TextStream

ITEM_LIMIT = 16 * 2**20  # characters of one task
# If a value is cut off by the end of the window, the decoder fails within so many characters of it.
CUT_OFF_WITHIN = 64
BLANK = re.compile(r"[ \t\n\r]*")
# Escapes that PostgreSQL may be unable to store. They are rare, so checking the whole value for them is, too.
SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
# Under these an object with data is no task of its own.
OWN_KEYS = frozenset({"data", "task", "meta", "users"})

BESIDE_TASK = frozenset({"tasks", "users"})


class NotJson(Exception):
    """What stands at one place is no value. Its text is a sentence without its subject."""


class UnreadableTask(NotJson):
    """The same within the task at `path`; `below` is the key there, if it is known. The file ends with it."""

    def __init__(self, path: str, below: str, error: NotJson):
        super().__init__(*error.args)
        self.path, self.below = path, below


class JsonWindow:
    """A window over a JSON file. `at` is the position in it; it grows until the value at `at` is complete."""

    def __init__(self, text: TextStream):
        self.text = text
        self.window, self.at, self.passed = "", 0, 0
        self._line, self._counted = 1, 0  # lines until the position `_counted` in the window
        self._repeated: str | None = None  # a key that an object of the last value has twice
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_constant=DECODER.parse_constant,
            parse_float=DECODER.parse_float,
            parse_int=DECODER.parse_int,
        )

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _value in pairs]
            self._repeated = next(key for key in keys if keys.count(key) > 1)
        return found

    def grow(self) -> bool:
        """Drop what was read and double the rest. False at the end of the file."""
        if self.text.ended:
            return False
        self.line()
        self.passed += self.at
        # Doubling keeps the number of attempts to decode a long value small.
        read = self.text.read(max(CHUNK, len(self.window) - self.at))
        self.window = self.window[self.at :] + read
        self.at = self._counted = 0
        return True

    def line(self) -> int:
        """The line of the position, from 1. To be asked in order."""
        self._line += self.window.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def peek(self) -> str:
        """The next character that is not white space, or "" at the end."""
        while True:
            self.at = BLANK.match(self.window, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.window):
                return self.window[self.at]
            if not self.grow():
                return ""

    def take(self, wanted: str) -> bool:
        if self.peek() != wanted:
            return False
        self.at += 1
        return True

    def expect(self, wanted: str) -> None:
        if not self.take(wanted):
            raise NotJson(
                _("%(wanted)r is missing at character %(place)s", wanted=wanted, place=self.passed + self.at)
            )

    def skip_line(self) -> None:
        while (end := self.window.find("\n", self.at)) < 0:
            self.at = len(self.window)
            if not self.grow():
                return
        self.at = end + 1

    def value(self) -> tuple[Any, tuple[str, str] | None]:
        """The value that starts here, and a path in it with what is wrong there. Raises NotJson."""
        self.peek()
        while True:
            self._repeated = None
            try:
                value, end = self._decoder.raw_decode(self.window, self.at)
            except json.JSONDecodeError as error:
                self._refuse_unless_cut_off(error)
            except (ValueError, RecursionError) as error:
                too_deep = _(
                    "nested deeper than %(most)s levels",
                    most=settings.JSON_DEPTH_LIMIT,
                )
                raise NotJson(too_deep if isinstance(error, RecursionError) else str(error))
            else:
                # A number that ends with the window may continue after it.
                if end < len(self.window) or not self.grow():
                    return value, self._accept(value, end)
            if len(self.window) - self.at > ITEM_LIMIT:
                limit = _("%(number)s million characters", number=ITEM_LIMIT // 2**20)
                raise NotJson(_("longer than %(limit)s, or a text in it never ends", limit=limit))

    def _refuse_unless_cut_off(self, error: json.JSONDecodeError) -> None:
        cut_off = error.msg.startswith("Unterminated") or error.pos > len(self.window) - CUT_OFF_WITHIN
        at = self.passed + error.pos
        if not cut_off or not self.grow():
            raise NotJson(decoder_error(error, at))

    def _accept(self, value: Any, end: int) -> tuple[str, str] | None:
        start, self.at = self.at, end
        if self._repeated is not None:
            return "", _("has two values for the key %(key)s", key=described(self._repeated))
        # Few values have so many brackets; only those are worth measuring.
        brackets = self.window.count("[", start, end) + self.window.count("{", start, end)
        if brackets > settings.JSON_DEPTH_LIMIT and is_deeper(value, settings.JSON_DEPTH_LIMIT):
            return "", _("nested deeper than %(most)s levels", most=settings.JSON_DEPTH_LIMIT)
        if SUSPECT.search(self.window, start, end) and (path := unstorable_part(value)) is not None:
            return path[:200], _("has %(what)s", what=UNSTORABLE)
        return None


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects are nested more than `levels` deep."""
    inner = [value]
    for _level in range(levels):
        inner = [
            child
            for item in inner
            if isinstance(item, list | dict)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return any(isinstance(item, list | dict) for item in inner)


class JsonTasks:
    """The tasks of a JSON file: a list, one task, one on each line, `{"tasks": […], "users": {…}}`, or an
    object with a task under each key. `users` and `unknown` are set at the end.
    """

    def __init__(self, text: TextStream, *, is_lines: bool = False):
        self.window = JsonWindow(text)
        self.name = text.name
        self.is_lines = is_lines
        self.users: Any = None
        self.unknown: list[str] = []  # keys beside the tasks that hold something

    def __iter__(self) -> Iterator[Found]:
        try:
            yield from self._tasks()
        except UnreadableTask as error:
            yield Found(error.path, None, flaw=(error.below, _("not JSON: %(error)s", error=error)))
        except NotJson as error:
            raise invalid_import(
                _("%(name)s is not JSON: %(error)s.", name=self.name or _("The file"), error=error)
            )

    def _tasks(self) -> Iterator[Found]:
        opening = self.window.peek()
        if self.is_lines:
            yield from self._lines()
        elif opening == "[":
            yield from self._list("")
            self._refuse_more()
        elif opening == "{":
            yield from self._object()
        else:
            raise (
                self._no_tasks()
                if opening
                else invalid_import(_("%(name)s is empty.", name=self.name or _("The file")))
            )

    def _no_tasks(self) -> Refused:
        return invalid_import(
            _(
                "%(name)s is neither a list of tasks, nor a task, nor an object with a list of"
                ' "tasks", nor a task on each line.',
                name=self.name or _("The file"),
            )
        )

    def _refuse_more(self) -> None:
        if self.window.peek():
            raise NotJson(
                _(
                    "something follows its end, at character %(place)s",
                    place=self.window.passed + self.window.at,
                )
            )

    def _value(self, path: str, below: str = "") -> tuple[Any, tuple[str, str] | None]:
        """Of the task at `path`."""
        try:
            return self.window.value()
        except NotJson as error:
            raise UnreadableTask(path, below, error)

    def _key(self) -> str:
        key, _flaw = self.window.value()
        if not isinstance(key, str):
            raise NotJson(
                _("a key must be a text, at character %(place)s", place=self.window.passed + self.window.at)
            )
        return key

    def _list(self, path: str) -> Iterator[Found]:
        self.window.expect("[")
        if self.window.take("]"):
            return
        place = 0
        while True:
            value, flaw = self._value(f"{path}[{place}]")
            yield Found(f"{path}[{place}]", value, flaw=flaw)
            place += 1
            if not self.window.take(","):
                break
        self.window.expect("]")

    def _lines(self, place: int = 0) -> Iterator[Found]:
        """A task on each line. A line that is not JSON does not end the file."""
        while self.window.peek():
            line = self.window.line()
            try:
                value, flaw = self.window.value()
            except NotJson as error:
                value, flaw = None, ("", _("not JSON: %(error)s", error=error))
                self.window.skip_line()
            yield Found(f"[{place}]", value, line, flaw=flaw)
            place += 1

    def _object(self) -> Iterator[Found]:
        rest: dict[str, Any] = {}
        flaws = []
        is_envelope = is_mapping = False
        self.window.expect("{")
        while not self.window.take("}"):
            key = self._key()
            self.window.expect(":")
            if key in rest or (key == "tasks" and is_envelope):
                raise NotJson(_("there are two values for the key %(key)s", key=described(key)))
            if key == "tasks" and self.window.peek() == "[" and not is_envelope:
                is_envelope = True
                yield from self._list("tasks")
            else:
                value, flaw = self._value_of(key, is_envelope=is_envelope, is_mapping=is_mapping)
                is_mapping = is_mapping or (not rest and not is_envelope and _is_mapped_task(key, value))
                if is_mapping:
                    yield Found(f"[{json.dumps(key)}]", value, flaw=flaw)
                else:
                    rest[key] = value
                    flaws += [(f"{key}: {flaw[0]}" if flaw[0] else key, flaw[1])] if flaw else []
            if not self.window.take(","):
                self.window.expect("}")
                break
        if is_envelope or is_mapping:
            self.users = rest.pop("users", self.users)
            self.unknown = [key for key, value in rest.items() if value not in EMPTY]
            self._refuse_more()
            return
        if not rest or "tasks" in rest:
            raise self._no_tasks()
        has_more = self.window.peek() == "{"
        yield Found(
            "[0]" if has_more else "", rest, 1 if has_more else None, flaw=flaws[0] if flaws else None
        )
        if has_more:
            yield from self._lines(place=1)
        else:
            self._refuse_more()

    def _value_of(
        self, key: str, *, is_envelope: bool, is_mapping: bool
    ) -> tuple[Any, tuple[str, str] | None]:
        if is_mapping:
            return self._value(f"[{json.dumps(key)}]")
        if is_envelope or key in BESIDE_TASK:
            return self.window.value()
        return self._value("", key[:100])


def _is_mapped_task(key: str, value: Any) -> bool:
    """Whether the first key of an object shows that it has a task under each key."""
    return key not in OWN_KEYS and isinstance(value, dict) and isinstance(value.get("data"), dict)
