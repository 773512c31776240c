"""Reads CSV, TSV and texts. The first row of a table names the keys of the data, and each other row is a
task. Every value stays the text that it is in the file: 007, 1e5, NA and TRUE are not rewritten.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from tasks.strict_json import UNSTORABLE, unstorable_part
from users.sentences import sentence as _

from .found import Found
from .problems import invalid_import
from .text_stream import LINE_LIMIT, TextStream

DELIMITERS = ",;\t|"
MAX_COLUMNS = 10_000
SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*')  # spreadsheet programs begin a file with it
JSON_START = re.compile(r'\s*(?:\[\s*(?:[{\]]|$)|\{\s*(?:"|$))')
# Of the whole process. The default, 131,072 characters, is less than a long text.
csv.field_size_limit(LINE_LIMIT)


def rows_of(text: TextStream, *, delimiter: str = "") -> Iterator[Found]:
    lines, above = _without_blank_start(text.lines())
    first = next(lines, "")
    if JSON_START.match(first):
        raise invalid_import(
            _(
                "%(called)s begins like JSON, but is read as a table. Give it the extension .json, or send it"
                " as application/json.",
                called=_called(text),
            )
        )
    if named := SEPARATOR_LINE.fullmatch(first):
        delimiter, first, above = named.group(1), next(lines, ""), above + 1
    reader = csv.reader(chain([first], lines), delimiter=delimiter or _delimiter_of(first), strict=True)
    header: list[str] | None = None
    place = 0
    while True:
        line = above + reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            if header is None:
                raise invalid_import(
                    _(
                        "%(called)s: line %(line)s: %(sentence)s.",
                        called=_called(text),
                        line=line,
                        sentence=_sentence(error),
                    )
                )
            yield Found(f"[{place}]", None, line, flaw=("", _sentence(error)))
            place += 1
            continue
        if row is None:
            return
        if header is None:
            header = _checked_header(row, text)
        elif not any(row):
            yield Found("", None, line, is_blank=True)
        else:
            yield _found(header, row, place, line)
            place += 1


def _sentence(error: csv.Error) -> str:
    words = str(error)
    if words.endswith("""expected after '"'"""):
        return _("a quoted cell is followed by something other than the delimiter")
    if words.startswith("unexpected end"):
        return _("a quotation mark is not closed before the end of the file")
    return words.partition(" - ")[0]  # the rest of some is advice for programmers


def _called(text: TextStream) -> str:
    return text.name or _("The file")


def _without_blank_start(lines: Iterable[str]) -> tuple[Iterator[str], int]:
    rest = iter(lines)
    skipped = 0
    for line in rest:
        if line.strip():
            return chain([line], rest), skipped
        skipped += 1
    return iter(()), skipped


def _delimiter_of(header: str) -> str:
    """The character that makes the most columns; a comma if there is one column only."""
    return max(DELIMITERS, key=lambda one: len(next(csv.reader([header], delimiter=one), [])))


def _checked_header(row: list[str], text: TextStream) -> list[str]:
    names = [name.strip() for name in row]
    called = _called(text)
    if len(names) > MAX_COLUMNS:
        raise invalid_import(
            _(
                "%(called)s has more than %(max_columns)s columns.",
                called=called,
                max_columns=format(MAX_COLUMNS, ","),
            )
        )
    found = []
    for place, name in enumerate(names):
        if not name:
            found.append(_("column %(number)s has no name", number=place + 1))
        elif "\0" in name:
            found.append(_("the name of column %(number)s has a NUL", number=place + 1))
        elif name in names[:place]:
            found.append(_("two columns are called %(name)r", name=name[:100]))
    if found:
        raise invalid_import(
            _(
                "%(called)s: the header is ambiguous: %(problems)s.",
                called=called,
                problems=", ".join(dict.fromkeys(map(str, found[:20]))),
            )
        )
    return names


def _found(header: list[str], row: list[str], place: int, line: int) -> Found:
    # Spreadsheet programs add delimiters at the end of a row.
    while len(row) > len(header) and not row[-1]:
        row.pop()
    if len(row) != len(header):
        sentence = (
            _("has 1 cell, but the header has %(header)s", header=len(header))
            if len(row) == 1
            else _("has %(row)s cells, but the header has %(header)s", row=len(row), header=len(header))
        )
        return Found(f"[{place}]", None, line, flaw=("", sentence))
    return _task(place, dict(zip(header, row, strict=True)), line)


def _task(place: int, data: dict[str, str], line: int) -> Found:
    path = unstorable_part({"data": data}) if any("\0" in text for text in data.values()) else None
    flaw = None if path is None else (path[:200], _("has %(what)s", what=UNSTORABLE))
    return Found(f"[{place}]", None if flaw else {"data": data}, line, flaw=flaw)


def lines_of(text: TextStream, *, key: str) -> Iterator[Found]:
    """A task for each line of a text, with its spaces. Blank lines are counted, no more."""
    for number, line in enumerate(text.lines(), 1):
        words = line.removesuffix("\n").removesuffix("\r")
        if words.strip():
            yield _task(number - 1, {key: words}, number)
        else:
            yield Found("", None, number, is_blank=True)
