"""Each case: what one person and the others said of some items, written as scores of the questions."""

import pytest

from crowd.records import Review, record_of, speeds, straight_lines, tally

KEYS = ("tg", "sg", "qa")
ME, OTHERS = 1, (2, 3)


def reviews(reviewer: int, *given: str, seconds: float | None = None) -> list[Review]:
    """Of items 0, 1, …: "331" are the scores of the three questions; "" is no review."""
    return [
        Review(item, reviewer, dict(zip(KEYS, map(int, scores), strict=False)), seconds)
        for item, scores in enumerate(given)
        if scores
    ]


def record(mine: list[Review], *others: list[Review], known=None, min_seconds: float = 5):
    everything = [*mine, *(review for one in others for review in one)]
    return record_of(mine, tally(everything), known or {}, min_seconds=min_seconds)


def test_agreement_is_with_the_others_and_not_with_oneself():
    alone = record(reviews(ME, "3", "3"))
    assert (alone.agreement, alone.compared) == (None, 0)
    mine, second, third = reviews(ME, "3", "1", "3"), reviews(2, "3", "3", ""), reviews(3, "1", "3", "")
    found = record(mine, second, third)
    # The first item: one of two others; the second: none of two; the third: nobody else.
    assert (found.agreement, found.compared) == (0.25, 2)


def test_known_answers_are_counted_by_question():
    found = record(reviews(ME, "331", "111", "333"), known={0: {"tg": 3, "qa": 3}, 1: {"tg": 1}})
    assert (found.known_right, found.known_asked) == (2, 3)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], False),
        ([1] * 4, False),  # too few
        ([1] * 5, True),
        ([1, 1, 1, 30, 30], True),
        ([1, 1, 1, 30, 30, 30], False),  # half of them
        ([1, 1, 1, 1, 40_000], True),  # a page that was open overnight hides nothing
        ([5] * 10, False),
    ],
)
def test_speeding(seconds, expected):
    assert speeds(seconds, 5) is expected


def test_reviews_without_a_known_time_are_neither_fast_nor_slow():
    mine = reviews(ME, *["3"] * 20)
    assert (record(mine).speeds, record(mine).median_seconds) == (False, None)
    timed = [*mine, *reviews(ME, *["3"] * 5, seconds=1)]
    assert (record(timed).speeds, record(timed).median_seconds) == (True, 1)


GOOD, BAD = ["333"] * 20, [*["333"] * 15, *["331"] * 5]


@pytest.mark.parametrize(
    ("mine", "second", "third", "known", "expected"),
    [
        pytest.param(GOOD, GOOD, GOOD, {}, False, id="everybody finds all items good"),
        pytest.param(GOOD, BAD, BAD, {}, True, id="both others see five bad ones"),
        pytest.param(GOOD, BAD, GOOD, {}, False, id="one of the others sees them"),
        pytest.param(BAD, BAD, BAD, {}, False, id="sees them as well"),
        pytest.param(GOOD[:7], BAD[13:], BAD[13:], {}, False, id="too few reviews"),
        pytest.param(GOOD, BAD[:17], BAD[:17], {}, False, id="only two contradicted"),
        pytest.param(["111"] * 20, GOOD, GOOD, {}, True, id="finds everything bad"),
        pytest.param(["323"] * 20, GOOD, GOOD, {}, True, id="the same odd pattern"),
        pytest.param([*GOOD[:18], "331", "311"], BAD, BAD, {}, False, id="not always the same"),
        pytest.param(GOOD, [], [], {}, False, id="nobody else has reviewed them"),
        pytest.param(GOOD, [], [], {n: {"qa": 1} for n in range(3)}, True, id="known answers differ"),
        pytest.param(GOOD, [], [], {n: {"qa": 3} for n in range(3)}, False, id="known answers agree"),
        pytest.param(GOOD, BAD, [], {}, False, id="a single other proves nothing"),
    ],
)
def test_straight_lining_is_the_same_score_where_others_see_differences(mine, second, third, known, expected):
    given = [reviews(ME, *mine), reviews(2, *second), reviews(3, *third)]
    everything = [review for one in given for review in one]
    assert straight_lines(given[0], tally(everything), known) is expected
