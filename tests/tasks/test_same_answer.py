"""Whether two annotations say the same, whatever each calls its regions."""

import pytest

from tasks.results import same_answer
from tests.factories import boxes, result


def box(name: str, x: float = 1.0, *, label: str = "Car", **more) -> list[dict]:
    """A region in two parts, as the editor writes a box with a text on it."""
    (drawn,) = boxes(label)
    drawn = drawn | {"id": name, "value": drawn["value"] | {"x": x}, **more}
    return [
        drawn,
        {
            "id": name,
            "from_name": "plate",
            "to_name": "image",
            "type": "textarea",
            "value": {"text": [f"{label} {x:.1f}"]},
        },
    ]


def relation(one: str, other: str, **more) -> dict:
    return {"type": "relation", "from_id": one, "to_id": other, "direction": "right", **more}


PAIR = [*box("a", 1.0), *box("b", 2.0)]
RENAMED = [*box("y", 2.0), *box("x", 1.0)]
SAME = {
    "nothing": ([], []),
    "other ids": (result("A", id="1"), result("A", id="2")),
    "other order, ids and order of parts": (PAIR, list(reversed(RENAMED))),
    "noise": (box("a", 1.0), box("z", 1.0 + 1e-8)),
    "relations": ([*PAIR, relation("a", "b")], [relation("x", "y"), *RENAMED]),
    "parents": ([*box("a"), *box("b", 2.0, parentID="a")], [*box("x", 2.0, parentID="y"), *box("y")]),
    "alike regions": (
        [*result("A", id="1"), *result("A", id="2")],
        [*result("A", id="8"), *result("A", id="9")],
    ),
}
OTHER = {
    "another label": (result("A"), result("B")),
    "moved": (box("a", 1.0), box("a", 1.1)),
    "one more": (PAIR, box("a", 1.0)),
    "parts of other regions": (
        [*result("A", id="1"), *result("B", id="1")],
        [*result("A", id="1"), *result("B", id="2")],
    ),
    "relation turned round": ([*PAIR, relation("a", "b")], [*RENAMED, relation("y", "x")]),
    "relation of another kind": ([*PAIR, relation("a", "b")], [*RENAMED, relation("x", "y", labels=["is"])]),
    "another parent": ([*PAIR, *box("c", 3.0, parentID="a")], [*PAIR, *box("c", 3.0, parentID="b")]),
    "no regions at all": (result("A"), "A"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_is_said_under_other_names(one, other):
    assert same_answer(one, other)
    assert same_answer(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER.values(), ids=OTHER)
def test_something_else_is_said(one, other):
    assert not same_answer(one, other)
    assert not same_answer(other, one)
