"""When two results are equal."""

from copy import deepcopy

import pytest

from tasks.results import same_result
from tests.factories import boxes, result

BOX = boxes("Car")
TWO = boxes("Car", "Tree")
RELATION = {"type": "relation", "from_id": "box0", "to_id": "box1", "direction": "right"}
PARTS = [
    {"id": "p", "from_name": "box", "to_name": "image", "type": "rectangle", "value": {"x": 1}},
    {"id": "p", "from_name": "label", "to_name": "image", "type": "labels", "value": {"labels": ["Car"]}},
]

TWICE = [
    {
        "id": "p",
        "from_name": "note",
        "to_name": "image",
        "type": "textarea",
        "value": {"text": ["a"], "x": 1.5},
    },
    {
        "id": "p",
        "from_name": "note",
        "to_name": "image",
        "type": "textarea",
        "value": {"text": ["b"], "x": 1.5},
    },
]
RELATIONS = [RELATION | {"labels": ["left of"]}, RELATION | {"labels": ["in front of"]}]
CODE = [{"id": "w", "from_name": "w", "to_name": "w", "type": "reactcode", "value": {"origin": "Paris"}}]


def changed(region: dict, **value) -> list[dict]:
    """`region` with other things in its value."""
    copy = deepcopy(region)
    copy["value"] |= value
    return [copy]


SAME = {
    "nothing": ([], []),
    "itself": (TWO, deepcopy(TWO)),
    "keys in another order": (BOX, [dict(reversed(BOX[0].items()))]),
    "value keys in another order": (BOX, [BOX[0] | {"value": dict(reversed(BOX[0]["value"].items()))}]),
    "another origin": (BOX, [BOX[0] | {"origin": "prediction"}]),
    "no origin": (BOX, [{key: value for key, value in BOX[0].items() if key != "origin"}]),
    "float noise": (changed(BOX[0], x=33.333333333333336), changed(BOX[0], x=33.33333333)),
    "noise of a tiny number": (changed(BOX[0], x=3e-9), changed(BOX[0], x=3.0000001e-9)),
    "a whole number as a float": (BOX, changed(BOX[0], width=20)),
    "regions in another order": (TWO, TWO[::-1]),
    "parts of a region in another order": (PARTS, PARTS[::-1]),
    "parts of one control in another order": (TWICE, TWICE[::-1]),
    "relations of the same regions in another order": (RELATIONS, RELATIONS[::-1]),
    "noise in another order": (TWICE, [TWICE[1], changed(TWICE[0], x=1.50000001)[0]]),
    "relations": ([*TWO, RELATION], [RELATION, *TWO]),
    "empty values": ([{"id": "a", "value": {}}], [{"id": "a", "value": {}}]),
    "numbers beyond any float": (
        [{"id": "a", "value": {"n": 10**400}}],
        [{"id": "a", "value": {"n": 10**400}}],
    ),
}
DIFFERENT = {
    "a region more": (BOX, TWO),
    "a region fewer": (TWO, BOX),
    "another id": (result("A"), result("A", id="r2")),
    "another label": (result("A"), result("B")),
    "moved": (BOX, changed(BOX[0], x=0.001)),
    "just beyond noise": (changed(BOX[0], x=50.5), changed(BOX[0], x=50.50006)),
    "a tiny number beside another": (changed(BOX[0], x=2e-7), changed(BOX[0], x=4e-7)),
    "a tiny number beside nothing": (changed(BOX[0], x=0.0), changed(BOX[0], x=1e-7)),
    "an offset far into a text": (changed(BOX[0], start=3_000_000), changed(BOX[0], start=3_000_001)),
    "an answer called origin": (CODE, changed(CODE[0], origin="Oslo")),
    "meta called origin": (
        [BOX[0] | {"meta": {"origin": "scan"}}],
        [BOX[0] | {"meta": {"origin": "photo"}}],
    ),
    "one of two equal parts": ([TWICE[0], TWICE[0]], TWICE),
    "another type": (BOX, [BOX[0] | {"type": "ellipselabels"}]),
    "another control": (BOX, [BOX[0] | {"from_name": "other"}]),
    "a key more": (BOX, [BOX[0] | {"hidden": True}]),
    "a value key more": (BOX, changed(BOX[0], label=1)),
    "labels in another order": (
        changed(BOX[0], rectanglelabels=["Car", "Tree"]),
        changed(BOX[0], rectanglelabels=["Tree", "Car"]),
    ),
    "true is not one": (changed(BOX[0], flag=True), changed(BOX[0], flag=1)),
    "none is not absent": (changed(BOX[0], note=None), BOX),
    "none is not zero": (changed(BOX[0], note=None), changed(BOX[0], note=0)),
    "a number is not its text": (changed(BOX[0], note=1), changed(BOX[0], note="1")),
    "a relation turned round": ([*TWO, RELATION], [*TWO, RELATION | {"from_id": "box1", "to_id": "box0"}]),
    "a relation of another direction": ([*TWO, RELATION], [*TWO, RELATION | {"direction": "left"}]),
    "the same region twice": (BOX, [BOX[0], BOX[0]]),
    "a number beyond any float": (changed(BOX[0], x=10**400), changed(BOX[0], x=0.5)),
    "text with a blank more": (changed(BOX[0], text=["a"]), changed(BOX[0], text=["a "])),
    "no list": (BOX, {"box0": BOX[0]}),
    "regions that are none": (["A"], ["B"]),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_by_meaning(one, other):
    assert same_result(one, other)
    assert same_result(other, one)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_not_the_same(one, other):
    assert not same_result(one, other)
    assert not same_result(other, one)


def test_too_much_to_compare_counts_as_different():
    points = [[i / 7, i / 3] for i in range(2000)]
    noisy = [[x * (1 + 1e-9), y] for x, y in points]
    many = [BOX[0] | {"value": {"points": points, "n": n}} for n in range(40)]
    shifted = [BOX[0] | {"value": {"points": noisy, "n": n}} for n in range(40)]

    assert not same_result(many, shifted)
    assert same_result(many, deepcopy(many)[::-1])


def test_looking_changes_nothing():
    one, other = deepcopy(TWO), deepcopy(TWO[::-1])

    same_result(one, other)

    assert (one, other) == (TWO, TWO[::-1])
