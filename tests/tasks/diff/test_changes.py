"""What a person is told that changed."""

import pytest

from reviews.models import Correction
from tasks.diff import Kind, Operation, changes, word_changes
from tests.tasks.diff.regions import (
    about,
    answer,
    box,
    choices,
    ellipse,
    keypoint,
    mask,
    polygon,
    region,
    span,
    tied,
    typed,
    video,
)

CAR, TREE = box(), box("b2", "Tree", x=60.0)
PARTS = [
    region("p", "rectangle", "shape", x=1, y=1, width=9, height=9),
    region("p", "labels", "name", x=1, y=1, width=9, height=9, labels=["Car"]),
]
TOLD = {
    # what: (before, after, [(kind, region, control, sentence)])
    "nothing": ([], [], []),
    "a box wider": ([CAR], [box(width=24.0)], [("moved", "b1", "box", "moved, overlap 0.83")]),
    "a box turned": ([CAR], [box(rotation=90)], [("moved", "b1", "box", "moved, overlap 0.00")]),
    "a box far off": ([CAR], [box(x=80.0)], [("moved", "b1", "box", "moved, overlap 0.00")]),
    "a box a hair off": ([CAR], [box(x=10.001)], [("moved", "b1", "box", "moved, overlap 0.99")]),
    "a box too many": ([CAR], [CAR, TREE], [("added", "b2", "box", "Tree added")]),
    "a box too few": ([CAR, TREE], [TREE], [("removed", "b1", "box", "Car removed")]),
    "another label": ([CAR], [box(label="Tree")], [("relabelled", "b1", "box", "Car → Tree")]),
    "moved and relabelled": (
        [CAR],
        [box(label="Tree", x=20.0)],
        [("moved", "b1", "box", "moved, overlap 0.33"), ("relabelled", "b1", "box", "Car → Tree")],
    ),
    "an ellipse flatter": (
        [ellipse()],
        [ellipse(radiusY=5.0)],
        [("moved", "e1", "round", "moved, overlap 0.50")],
    ),
    "a polygon shifted": (
        [polygon([0, 0], [10, 0], [10, 10], [0, 10])],
        [polygon([5, 0], [15, 0], [15, 10], [5, 10])],
        [("moved", "p1", "outline", "moved, overlap 0.33")],
    ),
    "a point elsewhere": ([keypoint()], [keypoint(x=40)], [("moved", "k1", "spot", "moved")]),
    "a mask repainted": ([mask(1, 2)], [mask(1, 3)], [("moved", "m1", "brush", "moved")]),
    "a span longer": ([span(0, 8)], [span(0, 10)], [("moved", "s1", "entity", "moved, overlap 0.80")]),
    "a video box elsewhere": (
        [video((1, 0), (11, 0))],
        [video((1, 5), (11, 5))],
        [("moved", "v1", "track", "moved, overlap 0.33")],
    ),
    "one label more": (
        [span(0, 8, "Person")],
        [span(0, 8, "Person", "Actor")],
        [("relabelled", "s1", "entity", "Actor added")],
    ),
    "one label fewer": (
        [span(0, 8, "Person", "Actor")],
        [span(0, 8, "Actor")],
        [("relabelled", "s1", "entity", "Person removed")],
    ),
    "one of two labels": (
        [span(0, 8, "Person", "Old")],
        [span(0, 8, "Person", "Young")],
        [("relabelled", "s1", "entity", "Old → Young")],
    ),
    "labels in another order": (
        [span(0, 8, "A", "B")],
        [span(0, 8, "B", "A")],
        [("relabelled", "s1", "entity", "A, B → B, A")],
    ),
    "another choice": (
        [choices("Positive")],
        [choices("Neutral")],
        [("relabelled", "", "mood", "Positive → Neutral")],
    ),
    "a choice at all": ([], [choices("Neutral")], [("added", "", "mood", "Neutral added")]),
    "no choice any more": ([choices("Neutral")], [], [("removed", "", "mood", "Neutral removed")]),
    "a path of a taxonomy": (
        [answer("taxonomy", [["Animal", "Cat"]])],
        [answer("taxonomy", [["Animal", "Dog"]])],
        [("relabelled", "", "asked", "Animal > Cat → Animal > Dog")],
    ),
    "the other of two": (
        [answer("pairwise", "left", key="selected")],
        [answer("pairwise", "right", key="selected")],
        [("relabelled", "", "asked", "left → right")],
    ),
    "a rating": ([answer("rating", 3)], [answer("rating", 5)], [("attribute", "", "asked", "asked: 3 → 5")]),
    "a number": (
        [answer("number", 1.5)],
        [answer("number", 2)],
        [("attribute", "", "asked", "asked: 1.5 → 2")],
    ),
    "a date": (
        [answer("datetime", "2026-01-01")],
        [answer("datetime", "2026-01-02")],
        [("attribute", "", "asked", "asked: 2026-01-01 → 2026-01-02")],
    ),
    "a ranking": (
        [answer("ranker", {"a": [1]})],
        [answer("ranker", {"a": [2]})],
        [("attribute", "", "asked", "asked changed")],
    ),
    "words": ([typed("the quick fox")], [typed("the slow fox")], [("text", "", "said", "“quick” → “slow”")]),
    "words in many places": (
        [typed("a b c d e f")],
        [typed("a B c D e F")],
        [("text", "", "said", "“b” → “B”, “d” → “D” and 1 more")],
    ),
    "a word more": ([typed("a b")], [typed("a new b")], [("text", "", "said", "“new” added")]),
    "only blanks": ([typed("a b")], [typed("a  b")], [("text", "", "said", "spacing of the text changed")]),
    "an attribute": (
        [CAR, about(CAR, choices("Open"))],
        [CAR, about(CAR, choices("Closed"))],
        [("attribute", "b1", "mood", "mood: Open → Closed")],
    ),
    "a first attribute": (
        [CAR],
        [CAR, about(CAR, choices("Closed"))],
        [("attribute", "b1", "mood", "mood: nothing → Closed")],
    ),
    "the words of a region": (
        [CAR, about(CAR, typed("AB 12"))],
        [CAR, about(CAR, typed("AB 13"))],
        [("text", "b1", "said", "“12” → “13”")],
    ),
    "a region in parts, told once": (
        PARTS,
        [part | {"value": part["value"] | {"x": 4}} for part in PARTS],
        [("moved", "p", "name", "moved, overlap 0.50")],
    ),
    "another part labelled": (
        PARTS,
        [PARTS[0], PARTS[1] | {"value": PARTS[1]["value"] | {"labels": ["Tree"]}}],
        [("relabelled", "p", "name", "Car → Tree")],
    ),
    "meta": ([CAR], [CAR | {"meta": {"text": ["far"]}}], [("attribute", "b1", "meta", "meta added")]),
    "a score": (
        [CAR | {"score": 0.5}],
        [CAR | {"score": 0.9}],
        [("attribute", "b1", "score", "score: 0.5 → 0.9")],
    ),
    "a flag": ([CAR], [CAR | {"hidden": True}], [("attribute", "b1", "hidden", "hidden: nothing → yes")]),
    "a relation": (
        [CAR, TREE],
        [CAR, TREE, tied("b1", "b2")],
        [("added", "b1", "relation", "relation added")],
    ),
    "another relation": (
        [CAR, TREE, tied("b1", "b2", labels=["left of"])],
        [CAR, TREE, tied("b1", "b2", labels=["behind"])],
        [("relabelled", "b1", "relation", "left of → behind")],
    ),
    "a box become an ellipse": (
        [CAR],
        [ellipse(id="b1")],
        [
            ("moved", "b1", "round", "moved, overlap 0.00"),
            ("attribute", "b1", "from_name", "from_name: box → round"),
            ("attribute", "b1", "type", "type: rectanglelabels → ellipselabels"),
        ],
    ),
}
SAME = {
    "a choice under another id": ([choices("A")], [choices("A", id="other")]),
    "a box drawn again": ([CAR], [box("new")]),
    "all named anew": ([CAR, TREE, mask(1)], [mask(1, id="z"), box("y", "Tree", x=60.0), box("x")]),
    "ids exchanged": ([CAR, TREE], [CAR | {"id": "b2"}, TREE | {"id": "b1"}]),
    "a region with its attribute": (
        [CAR, about(CAR, choices("Open"))],
        [box("n"), about(box("n"), choices("Open"))],
    ),
    "a relation between regions named anew": (
        [CAR, TREE, tied("b1", "b2")],
        [box("x"), box("y", "Tree", x=60.0), tied("x", "y")],
    ),
    "drawn again within noise": ([CAR], [box("new", x=10.0 + 1e-8)]),
    "a child of a region named anew": (
        [CAR, TREE | {"parentID": "b1"}],
        [box("x"), TREE | {"parentID": "x"}],
    ),
}


def told(before, after):
    return [(op.kind, op.region, op.control, op.sentence) for op in changes(before, after)]


@pytest.mark.parametrize(("before", "after", "expected"), TOLD.values(), ids=TOLD)
def test_what_changed_is_told(before, after, expected):
    assert told(before, after) == expected


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_what_only_has_another_id_has_not_changed(before, after):
    assert changes(before, after) == changes(after, before) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([box("new", width=24.0)], [("moved", "new", "box", "moved, overlap 0.83")]),
        (
            [box("new", "Tree", width=24.0)],
            [("moved", "new", "box", "moved, overlap 0.83"), ("relabelled", "new", "box", "Car → Tree")],
        ),
        (
            [box("new", x=28.0)],
            [("added", "new", "box", "Car added"), ("removed", "b1", "box", "Car removed")],
        ),
    ],
    ids=["close by", "close by, otherwise labelled", "elsewhere"],
)  # fmt: skip
def test_a_box_drawn_again_is_the_old_one_where_it_overlaps_by_half(after, expected):
    assert told([CAR], after) == expected


def test_two_boxes_in_one_place_are_told_apart_by_their_labels():
    before = [box("a", "Car"), box("b", "Tree")]
    after = [box("c", "Tree", width=24.0), box("d", "Car", width=24.0)]

    assert told(before, after) == [("moved", id, "box", "moved, overlap 0.83") for id in ("d", "c")]


def test_an_operation_bears_what_was_and_what_is():
    wider = box(width=24.0, label="Tree")

    moved, relabelled = (op.as_body() for op in changes([CAR], [wider]))

    assert moved == {
        "kind": "moved",
        "region": "b1",
        "control": "box",
        "label_from": "",
        "label_to": "",
        "overlap": pytest.approx(20 / 24),
        "before": {"x": 10.0, "y": 10.0, "width": 20.0, "height": 10.0, "rotation": 0},
        "after": {"x": 10.0, "y": 10.0, "width": 24.0, "height": 10.0, "rotation": 0},
        "sentence": "moved, overlap 0.83",
    }
    assert relabelled == {
        "kind": "relabelled",
        "region": "b1",
        "control": "box",
        "label_from": "Car",
        "label_to": "Tree",
        "overlap": None,
        "before": ["Car"],
        "after": ["Tree"],
        "sentence": "Car → Tree",
    }


def test_words_are_compared_place_by_place_and_long_texts_as_one():
    long = " ".join(map(str, range(5000)))

    assert word_changes("one two three", "one 2 three four") == [("two", "2"), ("", "four")]
    assert word_changes(long, long + " more") == [("", "more")]
    assert word_changes(long, f"new {long} more") == [(long, f"new {long} more")]
    assert Operation(Kind.TEXT, before=long, after="x").sentence.startswith("“0 1 2")
    assert len(Operation(Kind.TEXT, before=long, after="x").sentence) < 120


def test_a_stored_correction_knows_every_kind():
    assert set(Kind) == set(Correction.Kind.values)
