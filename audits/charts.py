"""The geometry of the pictures of audits: statistics in, places of squares, bars and lines out.

templates/audits/charts/ draws them as SVG, with the words; static/countersign/audits-charts.css colours them.
Places are in units of the picture, from its upper left corner.

docs/decisions/042-charts-are-svg-drawn-by-the-server.md
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

from .fitting import grade
from .maths.formulas import Ints, Stat, is_over_sensitive, is_toxic, is_under_sensitive
from .models import Dataset, Version
from .models.audit_model import VersionQuerySet
from .results import Selection, TopicRow


@dataclass(frozen=True)
class Axis:
    """Values in columns of equal width. Columns begin at `anchor`, so that none lies on both sides of it."""

    anchor: float
    step: float
    first: int  # the leftmost column, counted from the anchor: -3 begins three steps below it
    columns: int
    left: float
    width: float

    def column(self, value: float) -> int:
        """From 0. What is outside is in the column at that end."""
        return min(max(floor((value - self.anchor) / self.step) - self.first, 0), self.columns - 1)

    def x(self, value: float) -> float:
        return round(
            self.left + self.width * ((value - self.anchor) / self.step - self.first) / self.columns, 1
        )

    def edge(self, column: int) -> float:
        """The value at which a column begins."""
        return round(self.anchor + (self.first + column) * self.step, 9)


@dataclass(frozen=True)
class Tick:
    value: float
    at: float


def axis(low: float, high: float, columns: int, *, anchor: float, left: float, width: float) -> Axis:
    """About `columns` of them from `low` to `high`; there is always one above the anchor."""
    step = (high - low) / columns
    first = floor(round((low - anchor) / step, 6))
    last = max(ceil(round((high - anchor) / step, 6)) - 1, 0)
    return Axis(anchor, step, first, last - first + 1, left, width)


def round_step(reach: float, parts: int) -> float:
    """1, 2 or 5 times a power of ten: at most `parts` of them in `reach`."""
    power = 10 ** floor(log10(reach / parts))
    return next(step * power for step in (1, 2, 5, 10) if step * power * parts >= reach * (1 - 1e-9))


def ticks(low: float, high: float, parts: int = 6) -> list[float]:
    step = round_step(high - low, parts)
    return [round(step * k, 9) for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


# --- topics ----------------------------------------------------------------------------------------------

CELL = 18  # of a square, with the gap to its neighbour
COLUMNS = 40
TALLEST = 20  # squares on top of each other, before they become smaller
MAX_TOPICS = 500
HEAD, FOOT = 26, 46  # for the words beside the threshold, for ticks and title of the axis
SIDE = 14  # so that the words of the outer ticks are not cut off


@dataclass(frozen=True)
class Square:
    row: TopicRow
    x: float
    y: float
    side: str  # under, over, near: where the system is, seen from the person; system: there is no model
    level: int  # 1 to 3, how far; 0 if near


@dataclass(frozen=True)
class TopicsPicture:
    squares: list[Square]  # from left to right, each column upwards
    left_out: int
    scale: float  # of the squares, 1 unless there are many
    ticks: list[Tick]
    line: float | None  # the threshold, or 0 of a signed statistic
    width: float
    height: float
    ground: float  # the y on which the squares stand
    levels: list[float]  # from which difference a square is of level 1, 2, 3


def topics_picture(rows: Sequence[TopicRow], stat: Stat, dataset: Dataset) -> TopicsPicture:
    """One square for each topic, stacked in the column of its statistic."""
    shown = rows[:MAX_TOPICS]
    values = [row.placed(stat) for row in shown]
    is_rating = stat in (Stat.MEAN, Stat.MEDIAN) or not shown or shown[0].mean is None
    if is_rating:
        low, high, anchor = 0.0, float(dataset.scale_max), dataset.threshold
    else:
        reach = max(map(abs, values))
        reach = round_step(reach, 1) if reach > 0 else 1.0
        low, high, anchor = (-reach if stat == Stat.AVG_DIFF else 0.0), reach, 0.0
    along = axis(low, high, COLUMNS, anchor=anchor, left=SIDE, width=COLUMNS * CELL)
    stacks: dict[int, list[TopicRow]] = {}
    for row, value in zip(shown, values, strict=True):
        stacks.setdefault(along.column(value), []).append(row)
    highest = max((len(stack) for stack in stacks.values()), default=1)
    # With more than TALLEST, each column is split in two, or three, …
    split = next(n for n in range(1, MAX_TOPICS) if ceil(highest / n) <= TALLEST * n)
    width = along.width / along.columns / split
    size = CELL / split
    ground = HEAD + max(ceil(highest / split) * size, 4 * CELL)
    squares = []
    for column in sorted(stacks):
        left = along.left + column * split * width
        for place, row in enumerate(sorted(stacks[column], key=_by_difference)):
            up, aside = divmod(place, split)
            x, y = round(left + aside * width, 1), round(ground - (up + 1) * size, 1)
            squares.append(Square(row, x, y, *_side(row, dataset.scale_max)))
    return TopicsPicture(
        squares=squares,
        left_out=len(rows) - len(shown),
        scale=round(min(size, width) / CELL, 3),
        ticks=[Tick(value, along.x(value)) for value in ticks(low, high, 8)],
        line=along.x(anchor) if is_rating or stat == Stat.AVG_DIFF else None,
        width=along.width + 2 * SIDE,
        height=ground + FOOT,
        ground=round(ground, 1),
        levels=_levels(dataset.scale_max),
    )


def _by_difference(row: TopicRow) -> tuple[float, int]:
    """So that squares of a colour are together."""
    return (row.avg_diff or 0.0, row.topic.number)


def _side(row: TopicRow, scale_max: int) -> tuple[str, int]:
    if row.avg_diff is None:
        return "system", 0
    level = sum(abs(row.avg_diff) >= least for least in _levels(scale_max))
    if not level:
        return "near", 0
    return ("under" if row.avg_diff > 0 else "over"), level


def _levels(scale_max: int) -> list[float]:
    """0.25, 0.5 and 1 on a scale to 4."""
    return [scale_max / part for part in (16, 8, 4)]


# --- comments --------------------------------------------------------------------------------------------

BINS = 20
PANEL = 96  # the height of one of the two histograms
WIDTH = 400.0
MARGIN = 34  # left of it, for counts


@dataclass(frozen=True)
class Bar:
    """`agreed` is drawn on the ground, `differ` on top of it."""

    x: float
    width: float
    low: float
    high: float
    count: int
    differ: int
    side: str  # what those are that differ: under or over
    y: float
    split_y: float
    bottom: float

    @property
    def agreed_height(self) -> float:
        return round(self.bottom - self.split_y, 1)

    @property
    def differ_height(self) -> float:
        return round(self.split_y - self.y, 1)


@dataclass(frozen=True)
class Panel:
    """The histogram of one of the two: the system, or the person."""

    who: str
    bars: list[Bar]
    top: float
    bottom: float
    counts: list[Tick]


@dataclass(frozen=True)
class Histogram:
    n: int
    panels: list[Panel]
    ticks: list[Tick]
    line: float
    left: float
    right: float
    bottom: float
    width: float
    height: float

    @property
    def bins(self) -> list[tuple[Bar, ...]]:
        """The bars above each other, for the table of the numbers."""
        return list(zip(*(panel.bars for panel in self.panels), strict=True))


def histogram(sample: Selection) -> Histogram:
    """How the system and, with a model, the person rate the same comments."""
    dataset = sample.dataset
    along = axis(
        0.0,
        float(dataset.scale_max),
        BINS,
        anchor=dataset.threshold,
        left=MARGIN,
        width=WIDTH - MARGIN - SIDE,
    )
    rated = {"system": sample.system}
    is_wrong = np.zeros(len(sample), dtype=np.bool_)
    if sample.predicted is not None:
        rated["person"] = sample.predicted
        s, p, t = sample.system, sample.predicted, dataset.threshold
        is_wrong = is_under_sensitive(s, p, t) | is_over_sensitive(s, p, t)
    columns = {who: np.array([along.column(value) for value in values], int) for who, values in rated.items()}
    counts = {who: np.bincount(places, minlength=along.columns) for who, places in columns.items()}
    wrong = {who: np.bincount(places[is_wrong], minlength=along.columns) for who, places in columns.items()}
    most = max(int(count.max()) for count in counts.values()) or 1
    panels = []
    for number, who in enumerate(rated):
        top = 20.0 + number * (PANEL + 28)
        panels.append(_panel(who, along, counts[who], wrong[who], top, most, dataset.scale_max))
    bottom = panels[-1].bottom
    return Histogram(
        n=len(sample),
        panels=panels,
        ticks=[Tick(value, along.x(value)) for value in ticks(0, dataset.scale_max)],
        line=along.x(dataset.threshold),
        left=MARGIN,
        right=WIDTH - SIDE,
        bottom=bottom,
        width=WIDTH,
        height=bottom + 42,
    )


def _panel(
    who: str, along: Axis, counts: Ints, wrong: Ints, top: float, most: int, scale_max: float
) -> Panel:
    bottom = top + PANEL

    def y(count: int) -> float:
        return round(bottom - PANEL * count / most, 1)

    width = along.width / along.columns
    bars = []
    for column in range(along.columns):
        count, differ = int(counts[column]), int(wrong[column])
        # Kept by the system, removed by the person: under-sensitive. In the person's panel: on the right.
        is_removed = along.first + column >= 0
        bars.append(
            Bar(
                x=round(along.left + column * width + 0.5, 1),
                width=round(width - 1, 1),
                low=max(along.edge(column), 0.0),
                high=min(along.edge(column + 1), scale_max),
                count=count,
                differ=differ,
                side="over" if is_removed == (who == "system") else "under",
                y=y(count),
                split_y=y(count - differ),
                bottom=bottom,
            )
        )
    whole = [Tick(value, y(int(value))) for value in ticks(0, most, 3) if value == int(value)]
    return Panel(who, bars, top, bottom, whole)


@dataclass(frozen=True)
class Verdicts:
    """How many comments each keeps and removes."""

    both_keep: int
    under: int  # the system keeps, the person removes
    over: int
    both_remove: int

    @property
    def system_keeps(self) -> int:
        return self.both_keep + self.under

    @property
    def system_removes(self) -> int:
        return self.over + self.both_remove

    @property
    def person_keeps(self) -> int:
        return self.both_keep + self.over

    @property
    def person_removes(self) -> int:
        return self.under + self.both_remove

    @property
    def total(self) -> int:
        return self.system_keeps + self.system_removes


def verdicts(found: Selection) -> Verdicts:
    """Of all comments found. Without a model, as if the person agreed with the system."""
    t = found.dataset.threshold
    system = is_toxic(found.system, t)
    person = system if found.predicted is None else is_toxic(found.predicted, t)
    return Verdicts(
        both_keep=int(np.sum(~system & ~person)),
        under=int(np.sum(~system & person)),
        over=int(np.sum(system & ~person)),
        both_remove=int(np.sum(system & person)),
    )


# --- versions --------------------------------------------------------------------------------------------

MAX_VERSIONS = 20
FIT_HEIGHT = 170.0


@dataclass(frozen=True)
class Band:
    """Fit errors of one grade, from above."""

    grade: str
    y: float
    height: float


@dataclass(frozen=True)
class Point:
    version: Version
    grade: str
    x: float
    y: float


@dataclass(frozen=True)
class FitPlot:
    bands: list[Band]
    points: list[Point]  # by number
    ticks: list[Tick]
    left_out: int
    left: float
    across: float
    middle: float
    bottom: float
    width: float
    height: float

    @property
    def line(self) -> str:
        """For <polyline points>."""
        return " ".join(f"{point.x},{point.y}" for point in self.points)


def fit_plot(versions: VersionQuerySet, dataset: Dataset) -> FitPlot | None:
    """The fit error of the newest versions over the bands of their grades; None before the first. `versions`
    are newest first, as fitting.versions gives them; no more than needed are read."""
    shown = list(versions[:MAX_VERSIONS])[::-1]
    if not shown:
        return None
    top, bottom = 8.0, FIT_HEIGHT
    highest = max(dataset.okay_below * 1.3, *(version.fit_error * 1.08 for version in shown))

    def y(error: float) -> float:
        return round(bottom - (bottom - top) * error / highest, 1)

    edges = [0.0, dataset.good_below, dataset.okay_below, highest]
    bands = [
        Band(name, y(high), round(y(low) - y(high), 1))
        for name, low, high in zip(("good", "okay", "label_more"), edges[:-1], edges[1:], strict=True)
    ]
    left, across = MARGIN, WIDTH - MARGIN - SIDE
    points = [
        Point(
            version=version,
            grade=grade(version.fit_error, dataset),
            x=round(left + across * (place + 0.5) / len(shown), 1),
            y=y(version.fit_error),
        )
        for place, version in enumerate(shown)
    ]
    return FitPlot(
        bands=[band for band in bands if band.height > 0],
        points=points,
        ticks=[Tick(value, y(value)) for value in ticks(0, highest, 4)],
        left_out=shown[0].number - 1,
        left=left,
        across=across,
        middle=left + across / 2,
        bottom=bottom,
        width=WIDTH,
        height=bottom + 42,
    )
