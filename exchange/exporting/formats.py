"""Writes the bodies of an export as a file: JSON, JSON lines, JSON_MIN, CSV, TSV."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from .bodies import Body
from .rows import Columns, rows_of

# A spreadsheet runs a cell that starts with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_json(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    """One body per line: snapshots.convert reads the file by lines."""
    return _array(bodies)


def as_json_min(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    return _array(row for body in bodies for row in rows_of(body, columns))


def _array(items: Iterable[Any]) -> Iterator[bytes]:
    separator = b"["
    for item in items:
        yield separator + _json(item)
        separator = b",\n"
    yield b"]" if separator != b"[" else b"[]"


def as_json_lines(bodies: Iterable[Body], columns: Columns) -> Iterator[bytes]:
    for body in bodies:
        yield _json(body) + b"\n"


def _json(item: Any) -> bytes:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()


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
        for row in rows_of(body, columns):
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
    def media_type(self) -> str:
        """Without the encoding, which readers of text would guess."""
        return self.content_type.split(";")[0]

    @property
    def rows_only(self) -> bool:
        """Flat rows, whose columns have to be known before the first is written."""
        return self.write not in (as_json, as_json_lines)


BACK = "Tasks with annotations, predictions and reviews. The import reads this format."
LINES = "The same with a task on each line, to be read one by one."
LIST = "A list with one item per annotation: the task's data and the answers."
TABLE = "The same as a table, separated by commas. A cell that a spreadsheet would run starts with '."
FORMATS = {
    "JSON": Format(BACK, as_json, "json", "application/json"),
    "JSONL": Format(LINES, as_json_lines, "jsonl", "application/jsonl"),
    "JSON_MIN": Format(LIST, as_json_min, "json", "application/json"),
    "CSV": Format(TABLE, as_csv, "csv", "text/csv; charset=utf-8"),
    "TSV": Format(TABLE.replace("commas", "tabs"), as_tsv, "tsv", "text/tab-separated-values; charset=utf-8"),
}
