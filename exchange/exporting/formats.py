"""Writes the bodies of an export as a file: JSON, JSON_MIN, CSV, TSV."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.results import regions_of

from .bodies import Body

# Columns of JSON_MIN and tables, before and after the task's data and the answers.
BEFORE, AFTER = (
    ("id",),
    ("annotator", "annotator_email", "annotation_id", "created_at", "updated_at", "lead_time", "last_action"),
)
RESERVED = {*BEFORE, *AFTER}
# A spreadsheet runs a cell that starts with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# If these have a single value, it is written alone. Region type → key of its value.
PLAIN = {"choices": "choices", "textarea": "text"}


@dataclass
class Columns:
    """The columns of a table: keys of the tasks' data and names of controls, in order."""

    data: dict[str, None] = field(default_factory=dict)
    answers: dict[str, None] = field(default_factory=dict)

    def names(self) -> list[str]:
        return [*map(_data_name, self.data), *BEFORE, *map(_answer_name, self.answers), *AFTER]

    def add(self, body: Body) -> None:
        if isinstance(body["data"], dict):
            self.data |= dict.fromkeys(body["data"])
        for annotation in body["annotations"]:
            self.answers |= dict.fromkeys(
                str(r["from_name"]) for r in regions_of(annotation["result"]) if r.get("from_name")
            )


def _data_name(key: str) -> str:
    return f"data.{key}" if key in RESERVED else key


def _answer_name(name: str) -> str:
    return f"answer.{name}" if name in RESERVED else name


def as_json(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    """One body per line: snapshots.convert reads the file by lines."""
    return _array(bodies)


def as_json_min(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    return _array(row for body in bodies for row in rows_of(body))


def _array(items: Iterable[Any]) -> Iterator[bytes]:
    separator = b"["
    for item in items:
        yield separator + json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
        separator = b",\n"
    yield b"]" if separator != b"[" else b"[]"


def rows_of(body: Body) -> Iterator[Body]:
    """One row per annotation that was not skipped: the task's data, the answers by control, who and when."""
    data = body["data"] if isinstance(body["data"], dict) else {}
    task = {_data_name(key): value for key, value in data.items()} | {"id": body["id"]}
    for annotation in body["annotations"]:
        if not annotation["was_cancelled"]:
            yield task | _answers(annotation["result"]) | _about(annotation)


def _about(annotation: Body) -> Body:
    author = annotation["completed_by"]
    return {
        "annotator": author["id"] if isinstance(author, dict) else author,
        "annotator_email": annotation["completed_by_email"],
        "annotation_id": annotation["id"],
        "created_at": annotation["created_at"],
        "updated_at": annotation["updated_at"],
        "lead_time": annotation["lead_time"],
        "last_action": annotation["last_action"],
    }


def _answers(result: Any) -> Body:
    by_control: dict[str, list[Any]] = {}
    for region in regions_of(result):
        if region.get("from_name"):
            by_control.setdefault(_answer_name(str(region["from_name"])), []).append(_answer(region))
    return {
        name: values[0] if len(values) == 1 and isinstance(values[0], str) else values
        for name, values in by_control.items()
    }


def _answer(region: Body) -> Any:
    value = region.get("value")
    key = PLAIN.get(str(region.get("type")))
    if key and isinstance(value, dict):
        values = value.get(key)
        return values[0] if isinstance(values, list) and len(values) == 1 else dict(value)
    sizes = {name: region[name] for name in ("original_width", "original_height") if name in region}
    return (value | sizes) if isinstance(value, dict) else value


def as_csv(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    return _table(bodies, columns, ",")


def as_tsv(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    return _table(bodies, columns, "\t")


class _Line:
    """A file for csv.writer that returns each line instead of storing it."""

    def write(self, text: str) -> str:
        return text


def _table(bodies: Iterable[Body], columns: Columns, delimiter: str) -> Iterator[bytes]:
    names = columns.names()
    writer: Any = csv.writer(_Line(), delimiter=delimiter)
    yield writer.writerow([cell(name) for name in names]).encode()
    for body in bodies:
        for row in rows_of(body):
            yield writer.writerow([cell(row.get(name)) for name in names]).encode()


def cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


@dataclass(frozen=True)
class Format:
    description: str
    write: Callable[[Iterable[Body], Columns], Iterator[bytes]]
    extension: str
    content_type: str

    @property
    def is_table(self) -> bool:
        return self.extension in ("csv", "tsv")

    @property
    def rows_only(self) -> bool:
        """One row for each annotation, so tasks without one are missing."""
        return self.write is not as_json


BACK = "Tasks with annotations, predictions and reviews. The import reads this format."
LIST = "A list with one item per annotation: the task's data and the answers."
TABLE = "The same as a table, separated by commas. A cell that a spreadsheet would run starts with '."
FORMATS = {
    "JSON": Format(BACK, as_json, "json", "application/json"),
    "JSON_MIN": Format(LIST, as_json_min, "json", "application/json"),
    "CSV": Format(TABLE, as_csv, "csv", "text/csv"),
    "TSV": Format(TABLE.replace("commas", "tabs"), as_tsv, "tsv", "text/tab-separated-values"),
}
