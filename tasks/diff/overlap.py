"""Overlap of two shapes: intersection over union, 0 to 1.

Polygons are compared along scan lines, whose time does not depend on how often they cross:
docs/decisions/013.
"""

from collections.abc import Iterable, Sequence
from functools import singledispatch
from math import ceil, hypot

from .shapes import Intervals, Keypoint, Outline, Point, Shape, Track, box_outline

SCANLINES = 128
# Points, crossings of scan lines, pairs of corners: what a diff measures in each of its two parts.
MAX_MEASURED = 1_000_000
BOX_IN_TRACK = 30  # what comparing two boxes counts for


class Budget:
    """What one comparison of two results may still measure.

    Beyond it, shapes have changed by an unknown amount.
    """

    def __init__(self) -> None:
        self.left: float = MAX_MEASURED

    def allows(self, cost: float) -> bool:
        if cost > self.left:
            return False
        self.left -= cost
        return True


@singledispatch
def _overlap(one: Shape, other: Shape) -> float | None:
    return None


def overlap(one: Shape | None, other: Shape | None) -> float | None:
    """None if it cannot be measured: shapes of different kinds, points, or without any extent."""
    if one is None or type(one) is not type(other):
        return None
    share = _overlap(one, other)
    return None if share is None else min(max(share, 0.0), 1.0)


def cost_of(one: Shape | None, other: Shape | None) -> float:
    """What `overlap` will do, in the units of Budget. It is known without looking at the points again."""
    match one, other:
        case Outline(), Outline() if _may_touch(one, other):
            if one.convex and other.convex:
                return len(one.points) * len(other.points)
            _, step = _scanlines(one, other)
            crossed = (one.descent + other.descent) / step if step > 0 else 0
            return len(one.points) + len(other.points) + crossed
        case Intervals(), Intervals():
            return len(one.intervals) + len(other.intervals)
        case Track(), Track():
            return BOX_IN_TRACK * (len(one.keyframes) + len(other.keyframes))
    return 1


def distance(one: Keypoint, other: Keypoint) -> float:
    """In percent of the image."""
    return hypot(one.x - other.x, one.y - other.y)


def _share(common: float, one: float, other: float) -> float | None:
    union = one + other - common
    return common / union if union > 0 else None


# --- areas --------------------------------------------------------------------------------------


@_overlap.register
def _outlines(one: Outline, other: Outline) -> float | None:
    """Boxes and ellipses (as 64 corners) exactly; polygons along 128 scan lines, by the even-odd rule."""
    if not _may_touch(one, other):
        return 0.0 if _extent(one) and _extent(other) else None
    if one.convex and other.convex:
        common = _area(_clipped(_ordered(one.points), _ordered(other.points)))
        return _share(abs(common), abs(_area(one.points)), abs(_area(other.points)))
    return _along_scanlines(one, other)


def _extent(outline: Outline) -> float:
    return abs(_area(outline.points))


def _may_touch(one: Outline, other: Outline) -> bool:
    a, b = one.bounds, other.bounds
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _area(points: Sequence[Point]) -> float:
    """Signed, by the shoelace formula."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _edges(points)) / 2


def _edges(points: Sequence[Point]) -> Iterable[tuple[Point, Point]]:
    return zip(points, [*points[1:], *points[:1]], strict=True)


def _ordered(points: Sequence[Point]) -> list[Point]:
    return list(points) if _area(points) > 0 else list(reversed(points))


def _clipped(subject: list[Point], window: list[Point]) -> list[Point]:
    """Sutherland and Hodgman's clipping of one convex polygon by another."""
    for start, end in _edges(window):
        if not subject:
            break
        subject = _cut(subject, start, end)
    return subject


def _cut(subject: list[Point], start: Point, end: Point) -> list[Point]:
    """The part of `subject` to the left of the line from `start` to `end`."""
    kept = []
    for a, b in _edges(subject):
        side_a, side_b = _side(a, start, end), _side(b, start, end)
        if side_a >= 0:
            kept.append(a)
        if side_a * side_b < 0:
            along = side_a / (side_a - side_b)
            kept.append((a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1])))
    return kept


def _side(point: Point, start: Point, end: Point) -> float:
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def _along_scanlines(one: Outline, other: Outline) -> float | None:
    top, step = _scanlines(one, other)
    if step <= 0:
        return None
    lines = zip(_crossings(one.points, top, step), _crossings(other.points, top, step), strict=True)
    measured = [(_common(a, b), _length(a), _length(b)) for a, b in lines]
    return _share(*(sum(column) for column in zip(*measured, strict=True)))


def _scanlines(one: Outline, other: Outline) -> tuple[float, float]:
    """The top of both, and the distance from line to line."""
    (_, top, _, bottom), (_, top2, _, bottom2) = one.bounds, other.bounds
    top, bottom = min(top, top2), max(bottom, bottom2)
    return top, (bottom - top) / SCANLINES


def _crossings(points: Sequence[Point], top: float, step: float) -> list[list[Point]]:
    """For each scan line, its intervals inside the polygon."""
    hits: list[list[float]] = [[] for _ in range(SCANLINES)]
    for (x1, y1), (x2, y2) in _edges(points):
        low, high = (y1, y2) if y1 <= y2 else (y2, y1)
        first, behind = ceil((low - top) / step - 0.5), ceil((high - top) / step - 0.5)
        for line in range(max(first, 0), min(behind, SCANLINES)):
            y = top + (line + 0.5) * step
            hits[line].append(x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    return [list(zip(found[::2], found[1::2], strict=False)) for found in map(sorted, hits)]


# --- intervals ----------------------------------------------------------------------------------


@_overlap.register
def _shared_intervals(one: Intervals, other: Intervals) -> float | None:
    if one.line != other.line:
        return None
    return _share(_common(one.intervals, other.intervals), _length(one.intervals), _length(other.intervals))


def _length(intervals: Iterable[Point]) -> float:
    return sum(end - start for start, end in intervals)


def _common(one: Sequence[Point], other: Sequence[Point]) -> float:
    """The common length of two sorted lists of disjoint intervals."""
    common, i, j = 0.0, 0, 0
    while i < len(one) and j < len(other):
        common += max(0.0, min(one[i][1], other[j][1]) - max(one[i][0], other[j][0]))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return common


# --- boxes over time ----------------------------------------------------------------------------


@_overlap.register
def _tracks(one: Track, other: Track) -> float | None:
    """The mean over all keyframes of both. It is 0 at those where only one of the two is visible."""
    frames = sorted({frame for track in (one, other) for frame, _, _ in track.keyframes})
    boxes = zip(_boxes_at(one, frames), _boxes_at(other, frames), strict=True)
    shares = [_shared_box(a, b) for a, b in boxes if a or b]
    return sum(shares) / len(shares) if shares else None


def _shared_box(a: tuple[float, ...] | None, b: tuple[float, ...] | None) -> float:
    return (overlap(box_outline(a), box_outline(b)) or 0.0) if a and b else 0.0


def _boxes_at(track: Track, frames: Sequence[float]) -> list[tuple[float, ...] | None]:
    """Its box at each of the sorted `frames`; None before it begins and while it is disabled."""
    boxes, at = [], -1
    for frame in frames:
        while at + 1 < len(track.keyframes) and track.keyframes[at + 1][0] <= frame:
            at += 1
        boxes.append(_between(track, at, frame) if at >= 0 else None)
    return boxes


def _between(track: Track, at: int, frame: float) -> tuple[float, ...] | None:
    began, box, enabled = track.keyframes[at]
    if frame == began or at + 1 == len(track.keyframes):
        return box if enabled or frame == began else None
    ends, following, _ = track.keyframes[at + 1]
    if not enabled:
        return None
    along = (frame - began) / (ends - began)
    return tuple(a + along * (b - a) for a, b in zip(box, following, strict=True))
