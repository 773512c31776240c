"""Overlap against figures worked out by hand."""

from math import pi, sqrt

import pytest

from tasks.diff import changes
from tests.tasks.diff.regions import SQUARE, box, ellipse, polygon, region, span, video

U = polygon([0, 0], [9, 0], [9, 9], [6, 9], [6, 3], [3, 3], [3, 9], [0, 9])  # 63 of 81
WIDE = {"original_width": 200, "original_height": 100}


def tall(**place):
    """On a picture twice as wide as high."""
    return WIDE | {k: v for k, v in box(**place).items() if k not in SQUARE}


def sound(start, end, **more):
    return region("s", "labels", "sound", start=start, end=end, channel=0, labels=["Speech"], **more)


def frames(*ranges):
    return region(
        "t",
        "timelinelabels",
        "time",
        ranges=[{"start": a, "end": b} for a, b in ranges],
        timelinelabels=["Run"],
    )


def hypertext(start, end, **offsets):
    return region("h", "hypertextlabels", "page", start=start, end=end, hypertextlabels=["Name"], **offsets)


OVERLAPS = {
    "half a box": (box(width=20.0), box(width=10.0), 0.5),
    "one corner": (box(x=0, y=0, width=10, height=10), box(x=5, y=5, width=10, height=10), 25 / 175),
    "a square turned by 45 degrees about its corner": (
        box(x=50, y=50, width=10, height=10),
        box(x=50, y=50, width=10, height=10, rotation=45),
        (sqrt(2) - 1) / (3 - sqrt(2)),
    ),
    "turned by a quarter in pixels, not in percent": (
        tall(x=50, y=50, width=10, height=20),
        tall(x=60, y=50, width=10, height=20, rotation=90),
        1.0,
    ),
    "drawn from the other corner": (
        box(x=10, y=10, width=20, height=10),
        box(x=30, y=20, width=-20, height=-10),
        1.0,
    ),
    "a circle in its square": (ellipse(id="b1", x=50, y=50), box(x=40, y=40, width=20, height=20), pi / 4),
    "nothing in common": (box(x=0), box(x=60), 0.0),
    "sides that touch": (box(x=0, width=10), box(x=10, width=10), 0.0),
    "a box without extent": (box(width=0), box(width=0, x=12), None),
    "a hollow polygon and its hull": (U, polygon([0, 0], [9, 0], [9, 9], [0, 9]), 63 / 81),
    "a triangle and its half": (polygon([0, 0], [10, 0], [0, 10]), polygon([0, 0], [10, 0], [5, 5]), 0.5),
    "polygons apart": (polygon([0, 0], [1, 0], [0, 1]), polygon([50, 50], [51, 50], [50, 51]), 0.0),
    "a line is no polygon": (polygon([0, 0], [1, 1]), polygon([0, 0], [2, 2]), None),
    "characters": (span(10, 20), span(15, 20), 0.5),
    "characters without a common one": (span(0, 5), span(5, 9), 0.0),
    "an empty span": (span(3, 3), span(4, 4), None),
    "seconds": (sound(1.0, 3.0), sound(2.0, 4.0), 1 / 3),
    "milliseconds since 1970": (
        sound(1757612212000.5, 1757612214000.5),
        sound(1757612213000.5, 1757612214000.5),
        0.5,
    ),
    "frames, both ends included": (frames((1, 10)), frames((1, 5)), 0.5),
    "frames in pieces": (frames((1, 4), (11, 14)), frames((3, 12)), 4 / 14),
    "hypertext by characters of the page": (
        hypertext("/p[1]", "/p[2]", globalOffsets={"start": 0, "end": 10}),
        hypertext("/p[1]", "/p[3]", globalOffsets={"start": 0, "end": 20}),
        0.5,
    ),
    "hypertext within one node": (
        hypertext("/p[1]", "/p[1]", startOffset=0, endOffset=10),
        hypertext("/p[1]", "/p[1]", startOffset=5, endOffset=10),
        0.5,
    ),
    "hypertext across nodes": (
        hypertext("/p[1]", "/p[2]", startOffset=0, endOffset=10),
        hypertext("/p[1]", "/p[3]", startOffset=0, endOffset=10),
        None,
    ),
    "paragraphs": (
        hypertext("3", "3", startOffset=0, endOffset=4),
        hypertext("4", "4", startOffset=0, endOffset=4),
        None,
    ),
    "a box over time": (video((1, 0), (11, 10)), video((1, 0), (6, 5), (11, 10)), 1.0),
    "a box that ends elsewhere": (video((1, 0), (11, 0)), video((1, 0), (11, 10)), 0.5),
    "a box that begins later": (video((1, 0), (11, 0)), video((11, 0)), 0.5),
}


def measured(before, after):
    moved = [op for op in changes([before | {"id": "r"}], [after | {"id": "r"}]) if op.kind == "moved"]
    return moved[0].overlap


@pytest.mark.parametrize(("before", "after", "expected"), OVERLAPS.values(), ids=OVERLAPS)
def test_overlap_is_intersection_over_union(before, after, expected):
    near = expected if expected is None else pytest.approx(expected, abs=0.006)

    assert measured(before, after) == near
    assert measured(after, before) == near


def test_a_box_is_measured_on_the_picture_of_the_other_where_it_does_not_tell():
    told, untold = tall(x=50, y=50, width=10, height=20), tall(x=60, y=50, width=10, height=20, rotation=90)
    del untold["original_width"]

    assert measured(told, untold) == pytest.approx(1.0)


def zigzag(number: int, *, corners: int = 2000) -> dict:
    """Each of its edges crosses every scan line."""
    points = ([100 * n / corners, 100.0 * (n % 2) + number / 10] for n in range(corners))
    return polygon(*points, id=f"z{number}")


def test_what_is_beyond_the_budget_has_changed_by_an_unknown_amount():
    before, after = (
        [zigzag(n) for n in range(5)],
        [zigzag(n) | {"value": zigzag(n + 5)["value"]} for n in range(5)],
    )
    small, wider = box(x=0, width=10.0), box(x=0, width=20.0)

    found = changes([*before, small], [*after, wider])

    overlaps = {op.region: op.overlap for op in found}
    assert {op.kind for op in found} == {"moved"} and len(found) == 6
    assert (overlaps["z1"], overlaps["z4"]) == (None, None)
    assert overlaps[small["id"]] == 0.5


def test_a_redrawn_box_is_found_beside_polygons_beyond_the_budget():
    before, after = [zigzag(n) for n in range(5)], [zigzag(n) for n in range(5, 10)]
    redrawn = box("new", width=20.0)

    found = changes([*before, box("old", width=18.0)], [*after, redrawn])

    assert [(op.kind, op.overlap) for op in found if op.region == "new"] == [("moved", pytest.approx(0.9))]
    assert "added" in {op.kind for op in found}
