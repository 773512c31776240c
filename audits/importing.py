"""Audit data from CSV files: comments, ratings and raters. All files are read before anything is stored: one
wrong row refuses them all. File, line and reason of each are reported.
"""

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from jobs.progress import Progress, no_progress
from tasks.models import Project
from tasks.reading import DECIMAL
from users.errors import Refused
from users.models import User
from users.sentences import sentence as _

from . import loading
from .loading import CommentSource, RaterSource, Source
from .models import Dataset
from .models.dataset import MAX_SCALE, OUTLIERS
from .presets import PRESETS, Preset
from .settings_of_datasets import MAX_NAMES, for_scale

MAX_ERRORS = 100
MAX_TEXT = 20_000
MAX_COMMENTS = 200_000
MAX_RATINGS = 1_000_000
PROGRESS_LINES = 5_000
SHOWN = 80  # characters of a value, in a reason


@dataclass(frozen=True)
class CsvFile:
    """`name` is what people call it: an upload is kept under another one."""

    path: Path
    name: str

    @classmethod
    def at(cls, path: Path) -> "CsvFile":
        return cls(path, path.name)


@dataclass(frozen=True)
class Files:
    """Without `raters`, they are those of the ratings."""

    comments: CsvFile
    ratings: CsvFile
    raters: CsvFile | None = None

    def __iter__(self) -> Iterator[CsvFile]:
        yield from filter(None, (self.comments, self.ratings, self.raters))


@dataclass(frozen=True)
class BadRow:
    file: str
    line: int  # where it begins
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.reason}"


class BadRows(Refused):
    """`report` is kept with the job: the first rows, and how many there are."""

    def __init__(self, rows: list[BadRow], count: int) -> None:
        what = "One row is wrong." if count == 1 else f"{count:,} rows are wrong. The first:"
        super().__init__("invalid_rows", f"{what} {rows[0]}. Nothing was imported.")
        self.rows = rows
        self.report = {"bad_rows": count, "errors": [asdict(row) for row in rows]}


def import_files(
    files: Files,
    *,
    actor: User,
    title: str,
    project: Project | None = None,
    preset: str = "plain",
    scale_max: int = 4,
    progress: Progress = no_progress,
) -> Dataset:
    """A new data set, of all rows. Raises Refused, of which BadRows is one, and stores nothing then."""
    source = read(PRESETS[preset], files, scale_max=scale_max, progress=progress)
    return loading.store(
        source, actor=actor, title=title, project=project, progress=progress, **for_scale(scale_max)
    )


def read(preset: Preset, files: Files, *, scale_max: int = 4, progress: Progress = no_progress) -> Source:
    if not 1 <= scale_max <= MAX_SCALE:
        raise Refused(
            "invalid_scale",
            _("The scale ends at 1 to %(max_scale)s.", max_scale=MAX_SCALE),
            field="scale_max",
        )
    reading = _Reading(preset, scale_max, _Lines(sum(map(_count_lines, files)), progress))
    reading.comments(files.comments)
    if files.raters:
        reading.raters(files.raters)
    reading.ratings(files.ratings, adds_raters=files.raters is None)
    if reading.bad_count:
        raise BadRows(reading.bad, reading.bad_count)
    return Source(
        topics=reading.topics,
        comments=reading.comment_rows,
        raters=reading.rater_rows,
        ratings=reading.rating_rows,
        harms=reading.harms,
    )


def _count_lines(file: CsvFile) -> int:
    with file.path.open("rb") as opened:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: opened.read(2**20), b""))


class _Lines:
    """How many were read, of all files together."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.total, self.progress, self.before = total, progress, 0

    def at(self, line: int, file: CsvFile) -> None:
        self.progress(min(self.total, self.before + line), self.total, f"Reading {file.name}"[:255])

    def ended(self, line: int, file: CsvFile) -> None:
        self.at(line, file)
        self.before += line


class BadValue(Exception):
    """In one row."""


class BadFile(Exception):
    """The rest of it cannot be read."""


class _Reading:
    def __init__(self, preset: Preset, scale_max: int, lines: _Lines) -> None:
        self.preset, self.scale_max, self.lines = preset, scale_max, lines
        self.bad: list[BadRow] = []
        self.bad_count = 0
        self.topics: dict[int, str] = {}
        self.harms: list[str] = []
        self.comment_rows: list[CommentSource] = []
        self.rater_rows: list[RaterSource] = []
        self.rating_rows: list[tuple[int, int, int]] = []
        # None: its row is wrong, which is said once and not again for each of its ratings.
        self.comment_places: dict[str, int | None] = {}
        self.rater_places: dict[str, int | None] = {}
        self.has_all_comments = self.has_all_raters = True
        self.rated: set[int] = set()

    def _add_bad(self, file: CsvFile, line: int, reason: str) -> None:
        self.bad_count += 1
        if len(self.bad) < MAX_ERRORS:
            self.bad.append(BadRow(file.name, line, reason))

    def _read(
        self,
        file: CsvFile,
        prepare: Callable[[list[str]], None],
        take: Callable[[dict[str, str]], None],
        at_most: int,
    ) -> bool:
        """Whether all of the file could be read. `prepare` gets the header and may raise BadFile; `take`
        raises BadValue for a row that is wrong."""
        table = _Table(file)
        try:
            header = table.header()
            prepare(header)
            for count, row in enumerate(table.rows(), start=1):
                if count > at_most:
                    raise BadFile(f"more than {at_most:,} rows are not imported")
                try:
                    take(_values(header, row))
                except BadValue as error:
                    self._add_bad(file, table.line, str(error))
                if count % PROGRESS_LINES == 0:
                    self.lines.at(table.line, file)
            if table.line <= table.first_line:
                raise BadFile("there are no rows below the header")
        except BadFile as error:
            self._add_bad(file, table.line, str(error))
            return False
        finally:
            table.close()
        self.lines.ended(table.reader.line_num, file)
        return True

    def comments(self, file: CsvFile) -> None:
        p = self.preset
        harms = dict(p.harm_columns)

        def prepare(header: list[str]) -> None:
            _require(header, [name for name in p.columns["comments"] if name != f"{p.harm_prefix}…"])
            if p.harm_prefix:
                harms.update(
                    {
                        name: name.removeprefix(p.harm_prefix)
                        for name in header
                        if name.startswith(p.harm_prefix)
                    }
                )
            if any(not name or len(name) > 200 for name in harms.values()):
                raise BadFile("the name of a harm has 1 to 200 characters")
            if len(harms) > MAX_NAMES:
                raise BadFile(f"there are at most {MAX_NAMES} harms")
            self.harms = list(harms.values())

        self.has_all_comments = self._read(file, prepare, lambda row: self._comment(row, harms), MAX_COMMENTS)

    def _comment(self, row: dict[str, str], harms: dict[str, str]) -> None:
        p = self.preset
        external_id = _key(row, p.comment)
        if external_id in self.comment_places:
            raise BadValue(f"comment {external_id} is there twice")
        self.comment_places[external_id] = None
        text = row[p.text].strip()
        if not 1 <= len(text) <= MAX_TEXT:
            raise BadValue(f"{p.text} has 1 to {MAX_TEXT:,} characters")
        system = _number(row, p.system) * p.system_scale
        if not 0 <= system <= self.scale_max:
            raise BadValue(f"{p.system} is from 0 to {self.scale_max / p.system_scale:g}")
        shares = {category: _number(row, column) for column, category in harms.items()}
        if any(not 0 <= share <= 1 for share in shares.values()):
            raise BadValue("shares of raters are from 0 to 1")
        is_evaluated = _boolean(row, p.is_evaluated) if p.is_evaluated else True
        topic = self._topic(row)
        self.comment_places[external_id] = len(self.comment_rows)
        self.comment_rows.append(CommentSource(external_id, text, topic, system, shares, is_evaluated))

    def _topic(self, row: dict[str, str]) -> int:
        p = self.preset
        number = _whole(row, p.topic) if p.topic else 0
        if not OUTLIERS <= number < 2**31:
            raise BadValue(f"{p.topic} is -1 for outliers, or from 0")
        label = row[p.topic_label].strip() if p.topic_label else ""
        label = label or (
            "Outliers" if number == OUTLIERS else f"Topic {number}" if p.topic else "All comments"
        )
        if len(label) > 200:
            raise BadValue(f"{p.topic_label} has at most 200 characters")
        if self.topics.setdefault(number, label) != label:
            raise BadValue(f'topic {number} was called "{self.topics[number]}" before')
        return number

    def raters(self, file: CsvFile) -> None:
        needed = self.preset.columns["raters"]
        self.has_all_raters = self._read(
            file, lambda header: _require(header, needed), self._rater, MAX_RATINGS
        )

    def _rater(self, row: dict[str, str]) -> None:
        p = self.preset
        external_id = _key(row, p.rater)
        if external_id in self.rater_places:
            raise BadValue(f"rater {external_id} is there twice")
        self.rater_places[external_id] = None
        gender, politics, religion, lgbtq = (
            row[name].strip() for name in (p.gender, p.politics, p.religion, p.lgbtq)
        )
        races = sorted({race.strip() for race in row[p.races].split(p.race_separator) if race.strip()})
        if any(len(value) > 60 for value in [gender, politics, religion, lgbtq, *races]):
            raise BadValue("what a rater says about themselves has at most 60 characters")
        self._add_rater(RaterSource(external_id, gender, politics, religion, lgbtq, races))

    def _add_rater(self, rater: RaterSource) -> int:
        place = self.rater_places[rater.external_id] = len(self.rater_rows)
        self.rater_rows.append(rater)
        return place

    def ratings(self, file: CsvFile, *, adds_raters: bool) -> None:
        needed = self.preset.columns["ratings"]
        self._read(
            file,
            lambda header: _require(header, needed),
            lambda row: self._rating(row, adds_raters),
            MAX_RATINGS,
        )

    def _rating(self, row: dict[str, str], adds_raters: bool) -> None:
        p = self.preset
        comment_id, rater_id = _key(row, p.rating_comment), _key(row, p.rating_rater)
        if comment_id not in self.comment_places and self.has_all_comments:
            raise BadValue(f"there is no comment {comment_id}")
        value = _number(row, p.rating_value) * p.rating_scale
        if value != round(value) or not 0 <= value <= self.scale_max:
            raise BadValue(f"{p.rating_value} is a whole number from 0 to {self.scale_max}")
        if rater_id not in self.rater_places:
            if adds_raters:
                self._add_rater(RaterSource(rater_id))
            elif self.has_all_raters:
                raise BadValue(f"there is no rater {rater_id}")
        comment, rater = self.comment_places.get(comment_id), self.rater_places.get(rater_id)
        if comment is None or rater is None:
            return  # what is wrong with it was said before
        pair = rater * MAX_COMMENTS + comment
        if pair in self.rated:
            raise BadValue(f"rater {rater_id} rated comment {comment_id} before")
        self.rated.add(pair)
        self.rating_rows.append((rater, comment, int(value)))


class _Table:
    """A CSV file in UTF-8. `line` is where the row that was read last begins."""

    def __init__(self, file: CsvFile) -> None:
        # What is not UTF-8 is found in the row where it is, not somewhere in a buffer.
        self.opened = file.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
        self.reader = csv.reader(self.opened, strict=True)
        self.line = self.first_line = 1

    def close(self) -> None:
        self.opened.close()

    def header(self) -> list[str]:
        found = next(self.rows(), [])
        self.first_line = self.line
        if any(map(_is_broken, found)):
            raise BadFile(NOT_UTF8)
        return found

    def rows(self) -> Iterator[list[str]]:
        """Without empty lines."""
        while True:
            begins = self.reader.line_num + 1
            try:
                row = next(self.reader, None)
            except csv.Error as error:
                self.line = begins
                raise BadFile(f"this is not CSV: {error}") from None
            if row is None:
                return
            if row:
                self.line = begins
                yield row


NOT_UTF8 = "this is not UTF-8; save the file as UTF-8"


def _is_broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def _require(header: list[str], needed: list[str]) -> None:
    if repeated := [name for name in header if header.count(name) > 1]:
        raise BadFile(f"the column {repeated[0][:SHOWN]} is there twice")
    if missing := [name for name in needed if name not in header]:
        raise BadFile(f"there is no column {missing[0]}, only: {', '.join(header)[:500] or 'nothing'}")


def _values(header: list[str], row: list[str]) -> dict[str, str]:
    if len(row) != len(header):
        raise BadValue(f"{len(row)} values for {len(header)} columns")
    if any("\0" in value for value in row):
        raise BadValue("a zero byte, which cannot be stored")
    if any(map(_is_broken, row)):
        raise BadValue(NOT_UTF8)
    return dict(zip(header, row, strict=True))


def _key(row: dict[str, str], column: str) -> str:
    value = row[column].strip()
    if not 1 <= len(value) <= 100:
        raise BadValue(f"{column} has 1 to 100 characters")
    return value


def _number(row: dict[str, str], column: str) -> float:
    text = row[column].strip()
    value = float(text) if DECIMAL.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise BadValue(f"{column} is a number, not {row[column][:40]!r}")
    return value


def _whole(row: dict[str, str], column: str) -> int:
    value = _number(row, column)
    if value != round(value):
        raise BadValue(f"{column} is a whole number")
    return int(value)


def _boolean(row: dict[str, str], column: str) -> bool:
    value = row[column].strip().lower()
    if value not in ("true", "false", "1", "0"):
        raise BadValue(f"{column} is true or false")
    return value in ("true", "1")
