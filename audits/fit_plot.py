"""The picture of how well the versions of a model fit, over the bands of their grades: geometry only."""

from collections.abc import Sequence
from dataclasses import dataclass

from .fitting import grade
from .models import Dataset, Version

WIDTH, HEIGHT = 400, 220
LEFT, RIGHT, TOP, BOTTOM = 36, 8, 12, 30


@dataclass(frozen=True)
class Band:
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
class Plot:
    """In units of a viewBox of WIDTH × HEIGHT."""

    points: list[Point]  # oldest first
    bands: list[Band]  # from the top
    ticks: list[tuple[float, float]]  # fit error, y
    line: str  # through the points
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM
    across: int = WIDTH - LEFT - RIGHT


def plot(versions: Sequence[Version], dataset: Dataset) -> Plot:
    ordered = sorted(versions, key=lambda version: version.number)
    top = 1.15 * max(dataset.okay_below, *(version.fit_error for version in ordered))

    def y(error: float) -> float:
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - error / top), 1)

    step = (WIDTH - LEFT - RIGHT) / len(ordered)
    points = [
        Point(one, grade(one.fit_error, dataset), round(LEFT + step * (place + 0.5), 1), y(one.fit_error))
        for place, one in enumerate(ordered)
    ]
    edges = [("label_more", top, dataset.okay_below), ("okay", dataset.okay_below, dataset.good_below)]
    bands = [
        Band(name, y(high), round(y(low) - y(high), 1))
        for name, high, low in [*edges, ("good", dataset.good_below, 0.0)]
    ]
    ticks = [(error, y(error)) for error in (0.0, dataset.good_below, dataset.okay_below)]
    return Plot(points, bands, ticks, " ".join(f"{point.x},{point.y}" for point in points))
