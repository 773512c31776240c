"""Reads the tasks of a JSON file one by one, so that only one is in memory at a time.

Why not by ijson: docs/decisions/011-imports-read-json-with-the-standard-library.md
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.conf import settings

from tasks.errors import Refused
from tasks.strict_json import DECODER, UNSTORABLE, unstorable_part

CHUNK = 2**20
MAX_NAMED = 20  # tasks with such a text
ITEM_LIMIT = 16 * 2**20  # characters of one task
# If a value is cut off by the end of the window, the decoder fails within so many characters of it.
CUT_OFF_WITHIN = 64
BLANK = re.compile(r"[ \t\n\r]*")
# Escapes that PostgreSQL may be unable to store. They are rare, so checking the whole value for them is, too.
SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def invalid_import(detail: str, *, field: str | None = None) -> Refused:
    return Refused("invalid_import", detail, field=field)


class JsonWindow:
    """A window over a JSON file. `at` is the position in it; it grows until the value at `at` is complete."""

    def __init__(self, file: BinaryIO):
        file.seek(0)
        self.file = file
        # "-sig" skips a byte order mark, which tools on Windows write.
        self.decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self.window, self.at, self.passed, self.ended = "", 0, 0, False
        self.unstorable: list[str] = []  # where; told together, at the end

    def grow(self) -> bool:
        """Drop what was read and double the rest. False at the end of the file."""
        if self.ended:
            return False
        self.passed += self.at
        # Doubling keeps the number of attempts to decode a long value small.
        raw = self.file.read(max(CHUNK, len(self.window) - self.at))
        self.ended = not raw
        try:
            self.window = self.window[self.at :] + self.decode(raw, final=self.ended)
        except UnicodeDecodeError as error:
            raise invalid_import(f"The file is not UTF-8: {error.reason}.")
        self.at = 0
        return True

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
            raise invalid_import(
                f"The file is not JSON: {wanted!r} is missing at character {self.passed + self.at}."
            )

    def value(self, what: str) -> Any:
        """Read the value that starts here. `what` names it in errors."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self.window, self.at)
            except json.JSONDecodeError as error:
                self._refuse_unless_cut_off(error, what)
            except (ValueError, RecursionError) as error:
                problem = "nested too deep" if isinstance(error, RecursionError) else str(error)
                raise invalid_import(f"{what}: {problem}.")
            else:
                # A number that ends with the window may continue after it.
                if end < len(self.window) or not self.grow():
                    return self._accept(value, end, what)
            if len(self.window) - self.at > ITEM_LIMIT:
                limit = f"{ITEM_LIMIT // 2**20} million characters"
                raise invalid_import(f"{what}: longer than {limit}, or a text in it never ends.")

    def _refuse_unless_cut_off(self, error: json.JSONDecodeError, what: str) -> None:
        cut_off = error.msg.startswith("Unterminated") or error.pos > len(self.window) - CUT_OFF_WITHIN
        at = self.passed + error.pos
        if not cut_off or not self.grow():
            raise invalid_import(f"The file is not JSON: {what}: {error.msg} at character {at}.")

    def _accept(self, value: Any, end: int, what: str) -> Any:
        # Few values have so many brackets; only those are worth measuring.
        brackets = self.window.count("[", self.at, end) + self.window.count("{", self.at, end)
        if brackets > settings.JSON_DEPTH_LIMIT and is_deeper(value, settings.JSON_DEPTH_LIMIT):
            raise invalid_import(f"{what}: nested deeper than {settings.JSON_DEPTH_LIMIT} levels.")
        suspect = SUSPECT.search(self.window, self.at, end)
        if suspect and (path := unstorable_part(value)) is not None:
            self.unstorable.append(f"{what}: {path[:200]}" if path else what)
        self.at = end
        return value


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects are nested more than `levels` deep."""
    inner = [value]
    for _ in range(levels):
        inner = [
            child
            for item in inner
            if isinstance(item, list | dict)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return any(isinstance(item, list | dict) for item in inner)


class TaskFile:
    """`users` is set once `tasks()` has been read to its end. Each call of `tasks()` reads the file again."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.users: Any = None

    def tasks(self) -> Iterator[tuple[int, Any]]:
        """Each task as it is in the file, with its position, from 1."""
        text = JsonWindow(self.file)
        opening = text.peek()
        if opening == "[":
            yield from self._list(text)
        elif opening == "{":
            yield from self._envelope(text)
        elif opening == "":
            raise invalid_import("The file is empty.")
        else:
            raise invalid_import('The file is neither a list of tasks nor an object with "tasks".')
        if text.peek():
            raise invalid_import(
                f"The file is not JSON: something follows its end, at character {text.passed + text.at}."
            )
        if text.unstorable:
            named = "; ".join(text.unstorable[:MAX_NAMED])
            more = f"; and {len(text.unstorable) - MAX_NAMED} more" if text.unstorable[MAX_NAMED:] else ""
            raise invalid_import(f"The file has {UNSTORABLE}. {named}{more}.")

    def _list(self, text: JsonWindow) -> Iterator[tuple[int, Any]]:
        text.expect("[")
        if text.take("]"):
            return
        number = 0
        while True:
            number += 1
            yield number, text.value(f"task {number}")
            if not text.take(","):
                break
        text.expect("]")

    def _envelope(self, text: JsonWindow) -> Iterator[tuple[int, Any]]:
        """`{"tasks": […], "users": {…}}`, or a single task."""
        rest: dict[str, Any] = {}
        found = False
        text.expect("{")
        while not text.take("}"):
            key = text.value("a key")
            text.expect(":")
            if key == "tasks" and text.peek() == "[" and not found:
                found = True
                yield from self._list(text)
            else:
                rest[str(key)] = text.value(f'"{key}"')
            if not text.take(","):
                text.expect("}")
                break
        if found:
            self.users = rest.get("users", self.users)
        elif isinstance(rest.get("data"), dict):
            yield 1, rest
        else:
            raise invalid_import('The file is neither a list of tasks nor an object with "tasks".')
