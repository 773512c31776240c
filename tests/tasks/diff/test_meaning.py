"""Nothing has changed exactly where two results mean the same, whatever they consist of; and nothing
makes it fail.
"""

from copy import deepcopy
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.diff import changes
from tasks.results import same_result
from tests.tasks.diff.regions import about, answer, box, choices, keypoint, mask, span, tied, typed

FEW = settings(max_examples=40, deadline=None, derandomize=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
NAMES = [
    "id",
    "from_name",
    "to_name",
    "type",
    "value",
    "x",
    "y",
    "width",
    "height",
    "rotation",
    "radiusX",
    "radiusY",
    "points",
]
NAMES += [
    "start",
    "end",
    "startOffset",
    "globalOffsets",
    "sequence",
    "ranges",
    "frame",
    "labels",
    "choices",
    "text",
    "rle",
]
NAMES += ["original_width", "original_height", "from_id", "to_id", "meta", "parentID", "item_index"]
TYPES = [
    "rectanglelabels",
    "labels",
    "choices",
    "textarea",
    "relation",
    "rating",
    "videorectangle",
    "polygonlabels",
    "number",
]
KEYS = st.sampled_from(NAMES)
NUMBERS = st.sampled_from([0, 1, 1.0, -5, 50.5, 1e308, 10**400, float("inf"), "7", None, True])
VALUES = st.dictionaries(
    KEYS, NUMBERS | JSON | st.lists(st.lists(NUMBERS, max_size=3), max_size=4), max_size=6
)
MALFORMED = st.lists(
    st.dictionaries(KEYS, JSON | VALUES | st.sampled_from(TYPES), max_size=6)
    | st.fixed_dictionaries(
        {"id": st.sampled_from(["a", "b", None]), "type": st.sampled_from(TYPES), "value": VALUES | JSON}
    )
    | JSON,
    max_size=4,
)

KINDS = [
    lambda id, n: [box(id, "AB"[n % 2], x=10.0 * n)],
    lambda id, n: [span(n, n + 3, id=id)],
    lambda id, n: [keypoint(id, x=n)],
    lambda id, n: [mask(n, id=id)],
    lambda id, n: [choices("AB"[n % 2], id=id)],
    lambda id, n: [typed("AB"[n % 2], id=id)],
    lambda id, n: [answer("rating", n, id=id)],
    lambda id, n: [box(id), about(box(id), choices("AB"[n % 2]))],
]
PIECES = st.lists(st.tuples(st.sampled_from(range(len(KINDS))), st.integers(0, 3)), max_size=3)


def built(pieces, ids="abc"):
    """One region or answer for each piece, under the letters of `ids`."""
    return [part for id, (kind, number) in zip(ids, pieces, strict=False) for part in KINDS[kind](id, number)]


def same_but_for_ids(before, pieces):
    return any(same_result(before, built(pieces, ids)) for ids in permutations("abc"))


@FEW
@given(PIECES, PIECES)
def test_nothing_changed_exactly_where_results_are_the_same_but_for_ids(before, after):
    assert (changes(built(before), built(after)) == []) == same_but_for_ids(built(before), after)


@FEW
@given(PIECES, st.randoms(use_true_random=False))
def test_what_means_the_same_has_not_changed(pieces, random):
    before = [*built(pieces), tied("a", "b")]
    after = [dict(reversed(part.items())) | {"origin": "prediction"} for part in deepcopy(before)]
    random.shuffle(after)
    for part in after:
        if "x" in part.get("value", {}):
            part["value"]["x"] *= 1 + 1e-8

    assert same_result(before, after)
    assert changes(before, after) == []


@FEW
@given(PIECES, PIECES)
def test_what_is_told_leads_back_when_turned_round(before, after):
    there, back = changes(built(before), built(after)), changes(built(after), built(before))
    turned = {"added": "removed", "removed": "added"}

    assert sorted(op.kind for op in there) == sorted(turned.get(op.kind, op.kind) for op in back)


@FEW
@given(MALFORMED, MALFORMED)
def test_malformed_regions_are_told_without_failing(before, after):
    for op in changes(before, after):
        assert op.as_body()["sentence"]
        assert op.overlap is None or 0 <= op.overlap <= 1


@FEW
@given(MALFORMED)
def test_a_malformed_result_has_not_changed_beside_itself(result):
    assert changes(result, deepcopy(result)) == []


def test_looking_changes_nothing():
    before, after = built([(0, 1), (7, 0)]), built([(0, 2), (7, 1)])
    kept = deepcopy((before, after))

    changes(before, after)

    assert (before, after) == kept


def test_what_is_no_list_of_regions_holds_none():
    assert changes({"a": 1}, None) == []
    assert [op.kind for op in changes(None, [box(), "noise", 3])] == ["added"]
