from itertools import permutations
from random import Random
from time import monotonic

import pytest

from crowd.dawid_skene import ASSUMED, Assumed, Estimate, Vote, accuracy, estimate, posterior

# Table 1 of Dawid and Skene (1979): what five anaesthetists, the first of them three times, said of the
# fitness of 45 patients, from 1 to 4. In the form in which the R package `rater` distributes it.
ANAESTHETISTS = """
    111 1 1 1 1, 333 4 3 3 4, 112 2 1 2 2, 222 3 1 2 1, 222 3 2 2 2, 222 3 3 2 2, 112 2 1 1 1, 333 3 4 3 3,
    222 2 2 2 3, 232 2 2 2 3, 444 4 4 4 4, 222 3 3 4 3, 111 1 1 1 1, 222 3 2 1 2, 121 1 1 1 1, 111 2 1 1 1,
    111 1 1 1 1, 111 1 1 1 1, 222 2 2 2 1, 222 1 3 2 2, 222 2 2 2 2, 222 2 2 2 1, 222 3 2 2 2, 221 2 2 2 2,
    111 1 1 1 1, 111 1 1 1 1, 232 2 2 2 2, 111 1 1 1 1, 111 1 1 1 1, 112 1 1 2 1, 111 1 1 1 1, 333 3 2 3 3,
    111 1 1 1 1, 222 2 2 2 2, 222 3 2 3 2, 433 4 3 4 3, 221 2 2 3 2, 232 3 2 3 3, 333 3 4 3 2, 111 1 1 1 1,
    111 1 1 1 1, 121 2 1 1 1, 232 2 2 2 2, 121 1 1 1 1, 222 2 2 2 2
"""
NOTHING_ASSUMED = Assumed(right=0, wrong=0, each_class=0)


def published() -> list[Vote]:
    return [
        Vote(patient, observer, int(digit) - 1)
        for patient, row in enumerate(ANAESTHETISTS.split(","), start=1)
        for observer, said in enumerate(row.split(), start=1)
        for digit in said
    ]


def likely(found: Estimate) -> dict:
    return {unit: shares.index(max(shares)) for unit, shares in found.posterior.items()}


def test_the_published_example():
    """Without pseudo-counts it is the method of the paper: its class frequencies, and error rates of the
    first observer as another implementation (crowd-kit 1.4) computes them."""
    found = estimate(published(), 4, assumed=NOTHING_ASSUMED)
    assert [round(share, 2) for share in found.model.priors[None]] == [0.40, 0.42, 0.11, 0.07]
    assert [[round(rate, 2) for rate in row] for row in found.model.rates[1]] == [
        [0.91, 0.09, 0, 0],
        [0.07, 0.88, 0.05, 0],
        [0, 0.34, 0.66, 0],
        [0, 0, 0.56, 0.44],
    ]
    # The patients on whom the observers differ most.
    assert [likely(found)[patient] + 1 for patient in (2, 3, 12, 35, 36, 38)] == [4, 2, 3, 2, 4, 3]
    assert found.posterior[38][2] == pytest.approx(0.98, abs=0.01)
    assert found.is_settled


def simulated(
    random: Random, *, items: int, right: dict[int, float], adversaries: tuple[int, ...] = ()
) -> tuple[list[Vote], dict[int, int]]:
    """Everybody votes on everything. An adversary says 0 for 2 and 2 for 0, and 0 for 1."""
    truth = {item: random.choices([0, 1, 2], [0.15, 0.2, 0.65])[0] for item in range(items)}
    votes = [
        Vote(item, who, _said(random, true, share))
        for item, true in truth.items()
        for who, share in right.items()
    ]
    votes += [
        Vote(item, who, {0: 2, 1: 0, 2: 0}[true]) for item, true in truth.items() for who in adversaries
    ]
    return votes, truth


def _said(random: Random, true: int, right: float) -> int:
    return true if random.random() < right else random.choice([said for said in range(3) if said != true])


def majority(votes: list[Vote]) -> dict[int, int]:
    said: dict[int, list[int]] = {}
    for vote in votes:
        said.setdefault(vote.unit, []).append(vote.said)
    return {unit: max(sorted(set(found)), key=found.count) for unit, found in said.items()}


def share_right(guesses: dict, truth: dict) -> float:
    return sum(guesses[item] == true for item, true in truth.items()) / len(truth)


def test_it_finds_an_adversary_among_five_and_beats_the_majority():
    votes, truth = simulated(Random(1), items=400, right={1: 0.75, 2: 0.7, 3: 0.65, 4: 0.7}, adversaries=(5,))
    found = estimate(votes, 3)
    assert share_right(majority(votes), truth) < 0.85
    assert share_right(likely(found), truth) > 0.92
    assert accuracy(found.model.rates[5], found.model.priors[None]) < 0.05


def test_its_probabilities_are_calibrated():
    """Of what it holds for 80 to 90 % probable, about so much is true, and so on: a crowd of 30, three votes
    on each of 300 items, over some simulated campaigns."""
    found: dict[int, list[tuple[float, bool]]] = {}
    for seed in range(6):
        random = Random(seed)
        right = [random.uniform(0.55, 0.95) for _ in range(30)]
        truth = {item: random.choices([0, 1, 2], [0.15, 0.2, 0.65])[0] for item in range(300)}
        votes = [
            Vote(item, who, _said(random, true, right[who]))
            for item, true in truth.items()
            for who in random.sample(range(30), 3)
        ]
        for item, shares in estimate(votes, 3).posterior.items():
            best = max(shares)
            found.setdefault(int(best * 10), []).append((best, shares.index(best) == truth[item]))
    off = [abs(sum(best for best, _ in one) - sum(right for _, right in one)) for one in found.values()]
    assert sum(off) / (6 * 300) < 0.04
    certain = [right for one in found.values() for best, right in one if best >= 0.95]
    assert len(certain) > 500
    assert sum(certain) / len(certain) > 0.95


def test_the_order_of_votes_changes_nothing():
    votes = published()
    first = estimate(votes, 4)
    Random(3).shuffle(votes)
    again = estimate(votes, 4)
    assert again.posterior == first.posterior
    assert again.model.rates == first.model.rates


@pytest.mark.parametrize("labels", list(permutations(range(3)))[1:4])
def test_other_names_of_the_classes_change_nothing_else(labels):
    votes, _ = simulated(Random(5), items=60, right={1: 0.8, 2: 0.7, 3: 0.6})
    first = estimate(votes, 3).posterior
    renamed = estimate([vote._replace(said=labels[vote.said]) for vote in votes], 3).posterior
    for item, shares in first.items():
        assert [renamed[item][labels[said]] for said in range(3)] == pytest.approx(shares, abs=1e-4)


def test_no_votes():
    found = estimate([], 3)
    assert (found.posterior, found.model.rates, found.is_settled) == ({}, {}, True)


def test_one_reviewer_alone_is_believed_no_more_than_a_newcomer():
    found = estimate([Vote(item, 1, 2) for item in range(3)], 3)
    assert likely(found) == {0: 2, 1: 2, 2: 2}
    assert all(0.6 < max(shares) < 1 for shares in found.posterior.values())


def test_everybody_always_says_the_same():
    found = estimate([Vote(item, who, 2) for item in range(50) for who in range(4)], 3)
    assert all(shares[2] > 0.999 for shares in found.posterior.values())


def test_ten_thousand_votes_on_one_item_are_stable():
    votes = [Vote(1, who, 2 if who % 3 else 0) for who in range(10_000)]
    assert estimate(votes, 3).posterior[1] == pytest.approx([0, 0, 1], abs=1e-9)
    prior, newcomer = [0.2, 0.2, 0.6], ASSUMED.rates(3)
    assert posterior(prior, [(newcomer, vote.said) for vote in votes]) == pytest.approx([0, 0, 1], abs=1e-9)


def test_known_items_are_certain_and_tell_who_is_right():
    """Two against one: without known items the two would win everywhere."""
    votes = [Vote(item, who, said) for item in range(20) for who, said in ((1, 0), (2, 2), (3, 2))]
    assert set(likely(estimate(votes, 3)).values()) == {2}
    found = estimate(votes, 3, known=dict.fromkeys(range(10), 0))
    assert found.posterior[3] == [1, 0, 0]
    assert set(likely(found).values()) == {0}
    rates = found.model.rates
    assert rates[1][0][0] > 0.7 > 0.2 > rates[2][0][0]


def test_groups_have_their_own_classes_and_share_reviewers():
    votes = [Vote(("often", item), who, 2) for item in range(30) for who in (1, 2)]
    votes += [Vote(("seldom", item), who, 0) for item in range(30) for who in (1, 2)]
    found = estimate(votes, 3, group_of={vote.unit: vote.unit[0] for vote in votes})
    assert found.model.priors["often"][2] > 0.9
    assert found.model.priors["seldom"][0] > 0.9
    assert set(found.model.rates) == {1, 2}


def test_an_earlier_estimate_is_a_start_that_leads_to_the_same():
    votes, _ = simulated(Random(7), items=200, right={1: 0.8, 2: 0.7, 3: 0.6})
    first = estimate(votes, 3)
    again = estimate(votes, 3, start=first.model, seconds=0)
    for item, shares in first.posterior.items():
        assert again.posterior[item] == pytest.approx(shares, abs=1e-3)


def test_it_stops_when_its_time_is_up():
    votes, _ = simulated(Random(9), items=200, right={1: 0.8, 2: 0.7, 3: 0.6})
    found = estimate(votes, 3, seconds=0)
    assert not found.is_settled
    assert all(sum(shares) == pytest.approx(1) for shares in found.posterior.values())


@pytest.mark.slow
def test_a_hundred_thousand_reviews_of_three_questions_take_seconds():
    random, votes = Random(11), []
    right = [random.uniform(0.6, 0.95) for _ in range(500)]
    for item in range(20_000):
        for who in random.sample(range(500), 5):
            votes += [Vote((item, key), who, _said(random, 2, right[who])) for key in ("tg", "sg", "qa")]
    began = monotonic()
    estimate(votes, 3, group_of={vote.unit: vote.unit[1] for vote in votes}, seconds=15)
    assert monotonic() - began < 25
