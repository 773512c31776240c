"""Bodies without what differs from one run to the next: ids are numbered, times and UUIDs are set."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRAILING_ID = re.compile(r", \d+$")
A_TIME = "2026-01-31T12:00:00.000000Z"
# Keys that hold ids, and of what. `id` is of what the key above it names.
PEOPLE = (
    "completed_by",
    "created_by",
    "updated_by",
    "last_created_by",
    "reviewer",
    "actor",
    "annotators",
    "reviewers",
    "assignee",
)
HISTORY = (
    "last_annotation_history",
    "previous_annotation_history",
    "fixed_annotation_history",
    "annotation_history",
)
KINDS = (
    dict.fromkeys(PEOPLE, "person")
    | dict.fromkeys(HISTORY, "history")
    | {
        "task": "task",
        "tasks": "task",
        "annotation": "annotation",
        "annotations": "annotation",
        "project": "project",
    }
    | {"review": "review", "reviews": "review", "supersedes": "review", "webhook": "webhook"}
)


def plain(body: Any) -> Any:
    """Ids of each kind count from 1 in the order they appear."""
    return Plain().of(body, key="", kind="")


class Plain:
    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int], int] = {}
        self._next: dict[str, Iterator[int]] = {}

    def of(self, value: Any, *, key: str, kind: str) -> Any:
        """`kind` is of what an `id` right here would be."""
        if isinstance(value, dict):
            return {name: self.of(item, key=name, kind=KINDS.get(key, kind)) for name, item in value.items()}
        if isinstance(value, list):
            return [self.of(item, key=key, kind=kind) for item in value]
        if isinstance(value, str):
            return self._text(value)
        found = kind if key == "id" else KINDS.get(key, "")
        return self._number(found, value) if found and type(value) is int else value

    def _text(self, value: str) -> str:
        if UUID.fullmatch(value):
            return "7d8f2c1e-5b0a-4c55-9a41-0d6c3f1b2e90"
        return TRAILING_ID.sub(", 1", TIME.sub(A_TIME, value))

    def _number(self, kind: str, value: int) -> int:
        if (kind, value) not in self._numbers:
            self._numbers[kind, value] = next(self._next.setdefault(kind, count(1)))
        return self._numbers[kind, value]
