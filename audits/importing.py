"""Audit data from CSV files: comments, ratings and raters. A file with an error is refused with its lines.

`PRESETS` say what the columns are called. In a preset, a value like `harm_columns` names the columns that
hold the share of raters who see a harm.
"""

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jobs.progress import Progress, no_progress
from users.errors import Refused

from .loading import CommentSource, RaterSource, Source
from .models.dataset import MAX_SCALE, OUTLIERS

MAX_ERRORS = 10
MAX_TEXT = 20_000
PROGRESS_LINES = 5_000


@dataclass(frozen=True)
class Preset:
    """Names of columns. An empty name: the file has no such column."""

    says: str
    comment: str
    text: str
    system: str
    topic: str = ""  # a number; -1 for outliers. Without it, all comments are of one topic.
    topic_label: str = ""
    is_evaluated: str = ""
    harm_columns: dict[str, str] = field(default_factory=dict)  # column → category
    harm_prefix: str = ""  # or all columns that begin with it
    system_scale: float = 1  # what the system's ratings are multiplied with
    rating_comment: str = "comment"
    rating_rater: str = "rater"
    rating_value: str = "rating"
    rating_scale: float = 1
    rater: str = "rater"
    gender: str = "gender"
    politics: str = "politics"
    religion: str = "religion"
    lgbtq: str = "lgbtq"
    races: str = "races"
    race_separator: str = "|"


PRESETS = {
    "plain": Preset(
        "The columns that generate_audit_data --csv writes.",
        comment="comment",
        text="text",
        system="system",
        topic="topic",
        topic_label="topic_label",
        is_evaluated="is_evaluated",
        harm_prefix="harm:",
    ),
    "indielabel": Preset(
        "The data frames of IndieLabel, saved as CSV.",
        comment="item_id",
        text="comment",
        system="rating",
        topic="topic_id",
        topic_label="topic",
        harm_columns={
            "is_profane_frac": "profanity",
            "is_threat_frac": "threat",
            "is_identity_attack_frac": "identity",
            "is_insult_frac": "insult",
            "is_sexual_harassment_frac": "sexual harassment",
        },
        rating_comment="item_id",
        rating_rater="user_id",
        rater="worker_id",
        politics="political_affilation",  # sic
        religion="religion_important",
        lgbtq="lgbtq_status",
        races="race",
        race_separator=",",
    ),
    "civil_comments": Preset(
        "Civil Comments with its individual annotations: shares of raters, taken as ratings from 0 to 4.",
        comment="id",
        text="comment_text",
        system="toxicity",
        harm_columns={name: name for name in ("obscene", "threat", "insult", "identity_attack")},
        system_scale=4,
        rating_comment="id",
        rating_rater="worker",
        rating_value="toxic",
        rating_scale=4,
    ),
}


def read(
    preset: Preset,
    *,
    comments: Path,
    ratings: Path,
    raters: Path | None = None,
    scale_max: int = 4,
    progress: Progress = no_progress,
) -> Source:
    """Raises Refused with the first lines that are wrong. Without `raters`, they are those of the ratings."""
    if not 1 <= scale_max <= MAX_SCALE:
        raise Refused("invalid_scale", f"The scale ends at 1 to {MAX_SCALE}.", field="scale_max")
    reading = _Reading(preset, scale_max, progress)
    reading.comments(comments)
    if raters:
        reading.raters(raters)
    reading.ratings(ratings, adds_raters=raters is None)
    return Source(
        topics=reading.topics,
        comments=reading.comment_rows,
        raters=reading.rater_rows,
        ratings=reading.rating_rows,
        harms=reading.harms,
    )


class BadValue(Exception):
    """In one row."""


class _Reading:
    def __init__(self, preset: Preset, scale_max: int, progress: Progress) -> None:
        self.preset, self.scale_max, self.progress = preset, scale_max, progress
        self.topics: dict[int, str] = {}
        self.harms: list[str] = []
        self.comment_rows: list[CommentSource] = []
        self.rater_rows: list[RaterSource] = []
        self.rating_rows: list[tuple[int, int, int]] = []
        self.comment_places: dict[str, int] = {}
        self.rater_places: dict[str, int] = {}
        self.rated: set[tuple[int, int]] = set()

    def comments(self, path: Path) -> None:
        p = self.preset
        needed = [p.comment, p.text, p.system, p.topic, p.topic_label, p.is_evaluated, *p.harm_columns]
        table = _Table(path, [name for name in needed if name], self.progress)
        harms = p.harm_columns | {
            name: name.removeprefix(p.harm_prefix)
            for name in table.header
            if p.harm_prefix and name.startswith(p.harm_prefix)
        }
        self.harms = list(harms.values())
        table.read(lambda row: self._comment(row, harms))
        if not self.comment_rows:
            raise Refused("no_rows", f"{path.name} has no comments.")

    def _comment(self, row: dict[str, str], harms: dict[str, str]) -> None:
        p = self.preset
        external_id = _key(row, p.comment)
        if external_id in self.comment_places:
            raise BadValue(f"comment {external_id} is there twice")
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

    def raters(self, path: Path) -> None:
        p = self.preset
        _Table(path, [p.rater, p.gender, p.politics, p.religion, p.lgbtq, p.races], self.progress).read(
            self._rater
        )

    def _rater(self, row: dict[str, str]) -> None:
        p = self.preset
        external_id = _key(row, p.rater)
        if external_id in self.rater_places:
            raise BadValue(f"rater {external_id} is there twice")
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

    def ratings(self, path: Path, *, adds_raters: bool) -> None:
        p = self.preset
        table = _Table(path, [p.rating_comment, p.rating_rater, p.rating_value], self.progress)
        table.read(lambda row: self._rating(row, adds_raters))
        if not self.rating_rows:
            raise Refused("no_rows", f"{path.name} has no ratings.")

    def _rating(self, row: dict[str, str], adds_raters: bool) -> None:
        p = self.preset
        comment = self.comment_places.get(_key(row, p.rating_comment))
        if comment is None:
            raise BadValue(f"there is no comment {row[p.rating_comment]}")
        value = _number(row, p.rating_value) * p.rating_scale
        if value != round(value) or not 0 <= value <= self.scale_max:
            raise BadValue(f"{p.rating_value} is a whole number from 0 to {self.scale_max}")
        external_id = _key(row, p.rating_rater)
        rater = self.rater_places.get(external_id)
        if rater is None:
            if not adds_raters:
                raise BadValue(f"there is no rater {external_id}")
            rater = self._add_rater(RaterSource(external_id))
        if (rater, comment) in self.rated:
            raise BadValue(f"rater {external_id} rated this comment before")
        self.rated.add((rater, comment))
        self.rating_rows.append((rater, comment, int(value)))


class _Table:
    """A CSV file in UTF-8 with a header. Opened when it is read."""

    def __init__(self, path: Path, needed: list[str], progress: Progress) -> None:
        self.path, self.progress = path, progress
        self.header = next(self._rows(), [])
        if repeated := [name for name in self.header if self.header.count(name) > 1]:
            raise Refused("repeated_column", f"{path.name} has the column {repeated[0]} twice.")
        if missing := [name for name in needed if name not in self.header]:
            raise Refused(
                "missing_column",
                f"{path.name} has no column {missing[0]}. Its columns are: {', '.join(self.header)[:500]}.",
            )

    def read(self, take: Callable[[dict[str, str]], None]) -> None:
        """`take` raises BadValue for a row that is wrong. All of them are looked at before the file is
        refused."""
        errors: list[str] = []
        rows = self._rows()
        next(rows)
        for number, row in enumerate(rows, start=2):
            if not row:
                continue  # an empty line
            try:
                if len(row) != len(self.header):
                    raise BadValue(f"{len(row)} values for {len(self.header)} columns")
                if any("\0" in value for value in row):
                    raise BadValue("a zero byte, which cannot be stored")
                take(dict(zip(self.header, row, strict=True)))
            except BadValue as error:
                errors.append(f"row {number}: {error}")
            if number % PROGRESS_LINES == 0:
                self.progress(number, None, self.path.name)
        if errors:
            more = f" And {len(errors) - MAX_ERRORS} more." if len(errors) > MAX_ERRORS else ""
            found = "; ".join(errors[:MAX_ERRORS])
            raise Refused("invalid_rows", f"{self.path.name}: {found}.{more} Nothing was imported.")

    def _rows(self) -> Iterator[list[str]]:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from csv.reader(file, strict=True)
        except UnicodeDecodeError:
            raise Refused("not_utf8", f"{self.path.name} is not UTF-8. Save it as UTF-8.") from None
        except csv.Error as error:
            raise Refused("not_csv", f"{self.path.name} is not a CSV file: {error}.") from None


def _key(row: dict[str, str], column: str) -> str:
    value = row[column].strip()
    if not 1 <= len(value) <= 100:
        raise BadValue(f"{column} has 1 to 100 characters")
    return value


def _number(row: dict[str, str], column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
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
