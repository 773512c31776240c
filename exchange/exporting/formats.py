"""From the bodies of an export to the bytes of a file: JSON, JSON_MIN, CSV, TSV."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .bodies import Body

# What a row of JSON_MIN and CSV has beside the task's data and the answers.
BEFORE, AFTER = (
    ("id",),
    ("annotator", "annotator_email", "annotation_id", "created_at", "updated_at", "lead_time", "last_action"),
)
TAKEN = {*BEFORE, *AFTER}
# A spreadsheet takes a cell that begins so for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Of these, one value is written bare.
PLAIN = {"choices": "choices", "textarea": "text"}


@dataclass
class Columns:
    """What a table has columns for, in the order they were met."""

    data: dict[str, None] = field(default_factory=dict)
    answers: dict[str, None] = field(default_factory=dict)

    def names(self) -> list[str]:
        return [*map(_data_name, self.data), *BEFORE, *map(_answer_name, self.answers), *AFTER]

    def meet(self, body: Body) -> None:
        if isinstance(body["data"], dict):
            self.data |= dict.fromkeys(body["data"])
        for annotation in body["annotations"]:
            self.answers |= dict.fromkeys(
                str(r["from_name"]) for r in annotation["result"] if r.get("from_name")
            )


def _data_name(key: str) -> str:
    return f"data.{key}" if key in TAKEN else key


def _answer_name(name: str) -> str:
    return f"answer.{name}" if name in TAKEN else name


def as_json(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    """Each body is one line, so that a file can be read again line by line."""
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
    """One row for each annotation of a task that was not skipped: the data, the answers by control, who and when."""
    data = body["data"] if isinstance(body["data"], dict) else {}
    known = {_data_name(key): value for key, value in data.items()} | {"id": body["id"]}
    for annotation in body["annotations"]:
        if not annotation["was_cancelled"]:
            yield known | _answers(annotation["result"]) | _about(annotation)


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


def _answers(result: Sequence[Body]) -> Body:
    by_control: dict[str, list[Any]] = {}
    for region in result:
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
        said = value.get(key)
        return said[0] if isinstance(said, list) and len(said) == 1 else dict(value)
    sizes = {name: region[name] for name in ("original_width", "original_height") if name in region}
    return (value | sizes) if isinstance(value, dict) else value


def as_csv(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    return _table(bodies, columns, ",")


def as_tsv(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    return _table(bodies, columns, "\t")


class _Line:
    """A file for csv.writer that hands back what was written."""

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
    return f"'{text}" if text.startswith(FORMULA) else text


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
        """One row for each annotation: what has none is not in it."""
        return self.write is not as_json


BACK = "Tasks with annotations, predictions and reviews, as the import takes them back."
LIST = "A list with one item for each annotation: the data and the answers."
TABLE = "The same as a table, commas between. A cell that a spreadsheet would run gets a ' in front."
FORMATS = {
    "JSON": Format(BACK, as_json, "json", "application/json"),
    "JSON_MIN": Format(LIST, as_json_min, "json", "application/json"),
    "CSV": Format(TABLE, as_csv, "csv", "text/csv"),
    "TSV": Format(TABLE.replace("commas", "tabs"), as_tsv, "tsv", "text/tab-separated-values"),
}
