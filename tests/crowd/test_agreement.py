from collections import Counter
from itertools import combinations
from random import Random

import pytest

from crowd.agreement import disagreement, krippendorff_alpha, pair_agreement

# The example of K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), part C and D: four
# observers of twelve units; 0 is missing. Its alpha: nominal .743, ordinal .815.
OBSERVERS = ("123321412000", "123322412503", "033323422510", "123324412510")


def tallies(*observers: str) -> list[Counter]:
    return [Counter(int(score) for score in unit if score != "0") for unit in zip(*observers, strict=True)]


def test_alpha_of_the_published_example():
    assert krippendorff_alpha(tallies(*OBSERVERS)) == pytest.approx(0.815, abs=0.0005)


@pytest.mark.parametrize(
    ("observers", "alpha"),
    [
        # Computed with the package `krippendorff` 0.9.
        (("3331233", "3331233"), 1.0),
        (("31313131", "13131313"), -0.875),
        (("33213", "32203", "30113"), 0.7908),
        (("112233", "123123"), 0.5417),
    ],
)
def test_alpha_as_another_implementation_computes_it(observers, alpha):
    assert krippendorff_alpha(tallies(*observers)) == alpha


@pytest.mark.parametrize("observers", [(), ("333",), ("333", "333"), ("300", "030", "003")])
def test_there_is_no_alpha_without_two_different_scores_to_compare(observers):
    assert krippendorff_alpha(tallies(*observers) if observers else []) is None


def test_agreement_is_the_share_of_equal_pairs():
    random = Random(2)
    units = [[random.choice([1, 2, 3, 3]) for _ in range(random.randint(0, 6))] for _ in range(30)]
    pairs = [one == other for unit in units for one, other in combinations(unit, 2)]
    assert pair_agreement(map(Counter, units)) == round(sum(pairs) / len(pairs), 4)


@pytest.mark.parametrize(
    ("scores", "expected"), [("", None), ("3", None), ("33", 0), ("31", 1), ("331", 0.6667), ("123", 1)]
)
def test_disagreement_is_the_share_of_different_pairs(scores, expected):
    assert disagreement(Counter(map(int, scores))) == expected
