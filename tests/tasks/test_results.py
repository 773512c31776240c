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
    "float noise": (BOX, changed(BOX[0], x=1e-7)),
    "a whole number as a float": (BOX, changed(BOX[0], width=20)),
    "regions in another order": (TWO, TWO[::-1]),
    "parts of a region in another order": (PARTS, PARTS[::-1]),
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
    "just beyond noise": (BOX, changed(BOX[0], x=1.1e-6)),
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


def test_looking_changes_nothing():
    one, other = deepcopy(TWO), deepcopy(TWO[::-1])

    same_result(one, other)

    assert (one, other) == (TWO, TWO[::-1])
