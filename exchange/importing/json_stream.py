"""The tasks of a JSON file, one after the other, however large it is: only one of them is in memory at a time."""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.conf import settings
from rest_framework.exceptions import ParseError

from tasks.errors import Refused
from tasks.strict_json import DECODER, refuse_unstorable

CHUNK = 2**20
ITEM_LIMIT = 16 * 2**20  # characters of one task
LEGIBLE = 64  # a text cut off by the end of the chunk is wrong only within so many characters of it
BLANK = re.compile(r"[ \t\n\r]*")
# The escapes that may stand for what PostgreSQL cannot keep. Rare, so looking closer is rare.
SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def invalid(detail: str, *, field: str | None = None) -> Refused:
    return Refused("invalid_import", detail, field=field)


class Text:
    """A growing window on a file of JSON."""

    def __init__(self, file: BinaryIO):
        file.seek(0)
        self.file = file
        self.decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self.window, self.at, self.passed, self.ended = "", 0, 0, False

    def grow(self) -> bool:
        """Read on, as much again as is in sight, forgetting what lies behind. False at the end of the file."""
        if self.ended:
            return False
        self.passed += self.at
        raw = self.file.read(max(CHUNK, len(self.window) - self.at))
        self.ended = not raw
        try:
            self.window = self.window[self.at :] + self.decode(raw, final=self.ended)
        except UnicodeDecodeError as error:
            raise invalid(f"The file is not UTF-8: {error.reason}.")
        self.at = 0
        return True

    def peek(self) -> str:
        """The next character that is not blank, or "" at the end."""
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
            raise invalid(
                f"The file is not JSON: {wanted!r} is missing at character {self.passed + self.at}."
            )

    def value(self, what: str) -> Any:
        """The value that begins here. `what` names it in a refusal."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self.window, self.at)
            except json.JSONDecodeError as error:
                self._refuse_unless_cut_off(error, what)
            except (ValueError, RecursionError) as error:
                words = "nested too deep" if isinstance(error, RecursionError) else str(error)
                raise invalid(f"{what}: {words}.")
            else:
                # A number that ends with the window may go on behind it.
                if end < len(self.window) or not self.grow():
                    return self._accept(value, end, what)
            if len(self.window) - self.at > ITEM_LIMIT:
                raise invalid(
                    f"{what}: longer than {ITEM_LIMIT // 2**20} million characters, or a text in it never ends."
                )

    def _refuse_unless_cut_off(self, error: json.JSONDecodeError, what: str) -> None:
        cut_off = error.msg.startswith("Unterminated") or error.pos > len(self.window) - LEGIBLE
        at = self.passed + error.pos
        if not cut_off or not self.grow():
            raise invalid(f"The file is not JSON: {what}: {error.msg} at character {at}.")

    def _accept(self, value: Any, end: int, what: str) -> Any:
        brackets = self.window.count("[", self.at, end) + self.window.count("{", self.at, end)
        if brackets > settings.JSON_DEPTH_LIMIT and is_deeper(value, settings.JSON_DEPTH_LIMIT):
            raise invalid(f"{what}: nested deeper than {settings.JSON_DEPTH_LIMIT} levels.")
        if SUSPECT.search(self.window, self.at, end):
            try:
                refuse_unstorable(value)
            except ParseError as error:
                raise invalid(f"{what}: {error.detail}")
        self.at = end
        return value


def is_deeper(value: Any, levels: int) -> bool:
    """Do lists and objects stand in each other more than `levels` deep?"""
    inner = [value]
    for _ in range(levels):
        inner = [
            child
            for item in inner
            if isinstance(item, list | dict)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return any(isinstance(item, list | dict) for item in inner)


class Source:
    """`tasks()` may be asked again, the file is read again then. `users` is known when one reading is through."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.users: Any = None

    def tasks(self) -> Iterator[tuple[int, Any]]:
        """Each task as the file has it, with its number, from 1."""
        text = Text(self.file)
        opening = text.peek()
        if opening == "[":
            yield from self._list(text)
        elif opening == "{":
            yield from self._envelope(text)
        elif opening == "":
            raise invalid("The file is empty.")
        else:
            raise invalid('The file is neither a list of tasks nor an object with "tasks".')
        if text.peek():
            raise invalid(
                f"The file is not JSON: something follows its end, at character {text.passed + text.at}."
            )

    def _list(self, text: Text) -> Iterator[tuple[int, Any]]:
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

    def _envelope(self, text: Text) -> Iterator[tuple[int, Any]]:
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
            raise invalid('The file is neither a list of tasks nor an object with "tasks".')
