"""The shape of a region, from what the editor wrote. None if it cannot be read; nothing here raises.

Lengths on images are in pixels if the size of the image is known, else in percent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import cos, pi, radians, sin
from typing import Any

Point = tuple[float, float]
Size = tuple[float, float]

MAX_COORDINATE = 1e9  # so that products stay finite
MAX_POSITION = 1e15  # on a line: a time series counts milliseconds since 1970
ELLIPSE_CORNERS = 64
MOST_KEYFRAMES = 1000


@dataclass(frozen=True)
class Outline:
    """An area on an image. `convex` if that is certain."""

    points: tuple[Point, ...]
    convex: bool

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        across, down = zip(*self.points, strict=True)
        return min(across), min(down), max(across), max(down)

    @cached_property
    def descent(self) -> float:
        """How far up and down its edges go together: by this, how many scan lines they cross."""
        return sum(
            abs(a[1] - b[1]) for a, b in zip(self.points, self.points[1:] + self.points[:1], strict=True)
        )


@dataclass(frozen=True)
class Keypoint:
    """A point, in percent of the image."""

    x: float
    y: float


@dataclass(frozen=True)
class Intervals:
    """Characters, seconds or frames: half-open intervals, sorted and disjoint, on the axis called `line`."""

    intervals: tuple[Point, ...]
    line: str = ""


@dataclass(frozen=True)
class Track:
    """A box over time: sorted keyframes (frame, box, enabled). Between them the editor interpolates."""

    keyframes: tuple[tuple[float, tuple[float, ...], bool], ...]


Shape = Outline | Keypoint | Intervals | Track


def shape_of(value: dict[str, Any], size: Size | None) -> Shape | None:
    """The shape in the value of a region. An image of unknown size is taken as square."""
    if shape := _track(value) or _intervals(value):
        return shape
    width, height = size or (100.0, 100.0)
    across, down = width / 100, height / 100
    return (
        _ellipse(value, across, down)
        or _box(value, across, down)
        or _polygon(value, across, down)
        or _keypoint(value)
    )


def size_of(part: dict[str, Any]) -> Size | None:
    width, height = number(part.get("original_width")), number(part.get("original_height"))
    return (width, height) if width and height and min(width, height) > 0 else None


def number(value: Any, limit: float = MAX_COORDINATE) -> float | None:
    """A finite number within the range of coordinates, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -limit <= value <= limit:
        return None
    return float(value)


def numbers(value: dict[str, Any], *names: str, limit: float = MAX_COORDINATE) -> tuple[float, ...] | None:
    found = [number(value.get(name), limit) for name in names]
    return None if None in found else tuple(found)  # type: ignore[arg-type]


# --- on images ----------------------------------------------------------------------------------


def box_outline(box: Iterable[float], across: float = 1.0, down: float = 1.0) -> Outline:
    """x, y, width, height, rotation: the editor rotates clockwise about the first corner, in pixels."""
    x, y, width, height, rotation = box
    turn, corner = radians(rotation), (x * across, y * down)
    sides = [(0.0, 0.0), (width * across, 0.0), (width * across, height * down), (0.0, height * down)]
    return Outline(tuple(_rotated(corner, side, turn) for side in sides), convex=True)


def _rotated(origin: Point, offset: Point, turn: float) -> Point:
    (x, y), (dx, dy) = origin, offset
    return x + dx * cos(turn) - dy * sin(turn), y + dx * sin(turn) + dy * cos(turn)


def _box(value: dict[str, Any], across: float, down: float) -> Outline | None:
    box = numbers(value, "x", "y", "width", "height")
    return box_outline((*box, number(value.get("rotation")) or 0.0), across, down) if box else None


def _ellipse(value: dict[str, Any], across: float, down: float) -> Outline | None:
    if (found := numbers(value, "x", "y", "radiusX", "radiusY")) is None:
        return None
    x, y, wide, high = found
    turn, centre = radians(number(value.get("rotation")) or 0.0), (x * across, y * down)
    angles = (2 * pi * step / ELLIPSE_CORNERS for step in range(ELLIPSE_CORNERS))
    corners = ((wide * across * cos(angle), high * down * sin(angle)) for angle in angles)
    return Outline(tuple(_rotated(centre, corner, turn) for corner in corners), convex=True)


def _polygon(value: dict[str, Any], across: float, down: float) -> Outline | None:
    points = value.get("points")
    if not isinstance(points, list) or len(points) < 3:
        return None
    corners = [pair(point) for point in points]
    return (
        None
        if None in corners
        else Outline(tuple((c[0] * across, c[1] * down) for c in corners if c), convex=False)
    )


def pair(value: Any) -> Point | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    x, y = number(value[0]), number(value[1])
    return None if x is None or y is None else (x, y)


def _keypoint(value: dict[str, Any]) -> Keypoint | None:
    found = numbers(value, "x", "y")
    return Keypoint(*found) if found else None


# --- on a line ----------------------------------------------------------------------------------


def _intervals(value: dict[str, Any]) -> Intervals | None:
    """Characters of a text, or of a node of paragraphs or hypertext; seconds of audio; frames."""
    if isinstance(value.get("ranges"), list):
        return _joined(value["ranges"])
    if isinstance(value.get("globalOffsets"), dict):
        return _interval(numbers(value["globalOffsets"], "start", "end"))
    if isinstance(value.get("start"), str):
        return (
            _interval(numbers(value, "startOffset", "endOffset"), line=value["start"])
            if _one_node(value)
            else None
        )
    return _interval(numbers(value, "start", "end", limit=MAX_POSITION))


def _one_node(value: dict[str, Any]) -> bool:
    return value["start"] == value.get("end")


def _interval(ends: tuple[float, ...] | None, line: str = "") -> Intervals | None:
    return Intervals(((min(ends), max(ends)),), line) if ends else None


def _joined(ranges: list[Any]) -> Intervals | None:
    """Frames from `start` to `end`, both included."""
    found = [numbers(piece, "start", "end") if isinstance(piece, dict) else None for piece in ranges]
    if not found or None in found:
        return None
    joined: list[Point] = []
    for start, end in sorted((min(ends), max(ends) + 1) for ends in found if ends):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return Intervals(tuple(joined))


def _track(value: dict[str, Any]) -> Track | None:
    sequence = value.get("sequence")
    if not isinstance(sequence, list) or not 0 < len(sequence) <= MOST_KEYFRAMES:
        return None
    found = [_keyframe(step) for step in sequence]
    return None if None in found else Track(tuple(sorted(step for step in found if step)))


def _keyframe(step: Any) -> tuple[float, tuple[float, ...], bool] | None:
    place = numbers(step, "frame", "x", "y", "width", "height") if isinstance(step, dict) else None
    return (
        (place[0], (*place[1:], number(step.get("rotation")) or 0.0), step.get("enabled") is not False)
        if place
        else None
    )
