"""Where a region is, read from what the editor wrote. What cannot be read has no shape; nothing here raises.

Lengths on pictures are pixels where the size of the picture is told, else percent of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, pi, radians, sin
from typing import Any

Point = tuple[float, float]
Size = tuple[float, float]

LARGEST = 1e9  # beyond it nothing is a place, and products stay finite
ELLIPSE_CORNERS = 64
MOST_KEYFRAMES = 1000


@dataclass(frozen=True)
class Outline:
    """An area on a picture. `convex` where that is certain."""

    points: tuple[Point, ...]
    convex: bool


@dataclass(frozen=True)
class Spot:
    """A point, in percent of the picture."""

    x: float
    y: float


@dataclass(frozen=True)
class Stretch:
    """Intervals of one line: characters, seconds or frames. Half-open, in order, without overlap. `line`
    names the line."""

    intervals: tuple[Point, ...]
    line: str = ""


@dataclass(frozen=True)
class Track:
    """A box over time: keyframes (frame, box, enabled), ascending; between them the editor interpolates."""

    keyframes: tuple[tuple[float, tuple[float, ...], bool], ...]


Shape = Outline | Spot | Stretch | Track


def shape_of(value: dict[str, Any], size: Size | None) -> Shape | None:
    """The shape a region's value tells. A picture of unknown size counts as square."""
    if shape := _track(value) or _stretch(value):
        return shape
    width, height = size or (100.0, 100.0)
    across, down = width / 100, height / 100
    return (
        _ellipse(value, across, down)
        or _box(value, across, down)
        or _polygon(value, across, down)
        or _spot(value)
    )


def size_of(part: dict[str, Any]) -> Size | None:
    width, height = number(part.get("original_width")), number(part.get("original_height"))
    return (width, height) if width and height and min(width, height) > 0 else None


def number(value: Any) -> float | None:
    """A finite number of a size that a place can have."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        return None
    return float(value)


def numbers(value: dict[str, Any], *names: str) -> tuple[float, ...] | None:
    found = [number(value.get(name)) for name in names]
    return None if None in found else tuple(found)  # type: ignore[arg-type]


# --- on pictures --------------------------------------------------------------------------------


def box_outline(box: Iterable[float], across: float = 1.0, down: float = 1.0) -> Outline:
    """x, y, width, height, rotation: the editor turns a box clockwise about its first corner, in pixels."""
    x, y, width, height, rotation = box
    turn, corner = radians(rotation), (x * across, y * down)
    sides = [(0.0, 0.0), (width * across, 0.0), (width * across, height * down), (0.0, height * down)]
    return Outline(tuple(_turned(corner, side, turn) for side in sides), convex=True)


def _turned(origin: Point, offset: Point, turn: float) -> Point:
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
    return Outline(tuple(_turned(centre, corner, turn) for corner in corners), convex=True)


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


def _spot(value: dict[str, Any]) -> Spot | None:
    found = numbers(value, "x", "y")
    return Spot(*found) if found else None


# --- on a line ----------------------------------------------------------------------------------


def _stretch(value: dict[str, Any]) -> Stretch | None:
    """Text by characters, paragraphs and hypertext by characters of the whole or of one node, sound by
    seconds, frames."""
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
    return _interval(numbers(value, "start", "end"))


def _one_node(value: dict[str, Any]) -> bool:
    return value["start"] == value.get("end")


def _interval(ends: tuple[float, ...] | None, line: str = "") -> Stretch | None:
    return Stretch(((min(ends), max(ends)),), line) if ends else None


def _joined(ranges: list[Any]) -> Stretch | None:
    """Frames from `start` to `end`, both belonging to it."""
    found = [numbers(piece, "start", "end") if isinstance(piece, dict) else None for piece in ranges]
    if not found or None in found:
        return None
    joined: list[Point] = []
    for start, end in sorted((min(ends), max(ends) + 1) for ends in found if ends):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return Stretch(tuple(joined))


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
