"""How reliable each reviewer is and what the truth probably is, estimated from each other.

A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM
Algorithm", Journal of the Royal Statistical Society C 28 (1979) 20–28. With two additions: error rates and
classes start from pseudo-counts (a Dirichlet prior), because few votes say little about a person; and units
of several groups (questions) share the error rates of reviewers, while each group has its own classes.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log
from time import monotonic
from typing import Any, NamedTuple

MAX_ROUNDS = 200
# No probability moves by more than this in the last round.
TOLERANCE = 1e-5
SMALLEST = 1e-300  # log of zero, where pseudo-counts are switched off

Unit = Any  # sortable, hashable
Rates = list[list[float]]  # rows by true class, columns by the class that is said


class Vote(NamedTuple):
    """`said`: a class, from 0. A reviewer may vote on a unit more than once."""

    unit: Unit
    reviewer: int
    said: int


@dataclass(frozen=True)
class Assumed:
    """What is assumed before any vote, in votes: of each class so many right ones and so many of each wrong
    class, and so many units of each class. The right ones make a new reviewer right two times in three."""

    right: float = 4.0
    wrong: float = 1.0
    each_class: float = 1.0

    def rates(self, classes: int) -> Rates:
        """Of somebody of whom nothing is known."""
        total = self.right + self.wrong * (classes - 1)
        return [
            [(self.right if said == true else self.wrong) / total for said in range(classes)]
            for true in range(classes)
        ]


ASSUMED = Assumed()


@dataclass(frozen=True)
class Model:
    """What judges a unit: `priors`, group → how common the classes are; `rates`, reviewer → error rates."""

    priors: Mapping[Hashable, list[float]]
    rates: Mapping[int, Rates]


@dataclass(frozen=True)
class Estimate:
    """`posterior`: unit → the probability of each class. `is_settled`: it did not run out of time."""

    posterior: dict[Unit, list[float]]
    model: Model
    is_settled: bool


def accuracy(rates: Rates, prior: Sequence[float]) -> float:
    """How often a reviewer is right, over the classes as common as they are."""
    return sum(share * rates[true][true] for true, share in enumerate(prior))


def posterior(prior: Sequence[float], votes: Iterable[tuple[Rates, int]]) -> list[float]:
    """Of one unit: votes with the error rates of who gave them."""
    logs = [log(share) for share in prior]
    for rates, said in votes:
        for true, row in enumerate(rates):
            logs[true] += log(row[said])
    return _normalised(logs)


def estimate(
    votes: Iterable[Vote],
    classes: int,
    *,
    known: Mapping[Unit, int] | None = None,
    group_of: Mapping[Unit, Hashable] | None = None,
    assumed: Assumed = ASSUMED,
    start: Model | None = None,
    seconds: float = inf,
) -> Estimate:
    """`known`: unit → its true class, where that is certain. `group_of`: unit → its group; without it all are
    in one. `start`: of an earlier estimate, to be there sooner. `seconds`: stop after so many.
    """
    return _Estimation(votes, classes, known or {}, group_of, assumed).run(start, seconds)


class _Estimation:
    """One run. A reviewer and a class they say are one number, so that sums are made by C code."""

    def __init__(
        self,
        votes: Iterable[Vote],
        classes: int,
        known: Mapping[Unit, int],
        group_of: Mapping[Unit, Hashable] | None,
        assumed: Assumed,
    ) -> None:
        self.classes, self.assumed = classes, assumed
        cast: dict[Unit, list[tuple[int, int]]] = defaultdict(list)
        for vote in votes:
            cast[vote.unit].append((vote.reviewer, vote.said))
        # Sorted, as the votes below, so that the order in which they came changes nothing, not even the last
        # digit.
        self.units = sorted(cast)
        self.reviewers = sorted({reviewer for said in cast.values() for reviewer, _ in said})
        place = {reviewer: number * classes for number, reviewer in enumerate(self.reviewers)}
        self.votes = [sorted(place[who] + said for who, said in cast[unit]) for unit in self.units]
        self.groups = [group_of[unit] if group_of else None for unit in self.units]
        self.fixed = {
            number: [float(true == known[unit]) for true in range(classes)]
            for number, unit in enumerate(self.units)
            if unit in known
        }
        self.voted_on: list[list[int]] = [[] for _ in range(len(self.reviewers) * classes)]
        for number, said in enumerate(self.votes):
            for choice in said:
                self.voted_on[choice].append(number)

    def run(self, start: Model | None, seconds: float) -> Estimate:
        until, is_settled = monotonic() + seconds, False
        shares = self.shares()
        priors, rates = self.priors(shares), self.rates(shares)
        if start:
            priors |= {group: prior for group, prior in start.priors.items() if group in priors}
            rates = [start.rates.get(who) or self.assumed.rates(self.classes) for who in self.reviewers]
        for _ in range(MAX_ROUNDS):
            newer = self.expect(priors, rates)
            moved = max(map(_distance, shares, newer), default=0.0)
            shares, priors, rates = newer, self.priors(newer), self.rates(newer)
            is_settled = moved < TOLERANCE
            if is_settled or monotonic() > until:
                break
        return Estimate(
            dict(zip(self.units, shares, strict=True)),
            Model(priors, dict(zip(self.reviewers, rates, strict=True))),
            is_settled,
        )

    def shares(self) -> list[list[float]]:
        """The first guess: what part of the votes each class has."""
        return [
            self.fixed.get(number)
            or [sum(vote % self.classes == true for vote in said) / len(said) for true in range(self.classes)]
            for number, said in enumerate(self.votes)
        ]

    def priors(self, shares: list[list[float]]) -> dict[Hashable, list[float]]:
        """How common the classes of each group are. Known units were chosen by somebody: they say nothing."""
        by_group: dict[Hashable, list[list[float]]] = {group: [] for group in self.groups}
        for number, (group, share) in enumerate(zip(self.groups, shares, strict=True)):
            if number not in self.fixed:
                by_group[group].append(share)
        return {group: self._prior(rows) for group, rows in by_group.items()}

    def _prior(self, rows: list[list[float]]) -> list[float]:
        if not rows:
            return [1 / self.classes] * self.classes
        total = len(rows) + self.classes * self.assumed.each_class
        return [
            max((sum(column) + self.assumed.each_class) / total, SMALLEST)
            for column in zip(*rows, strict=True)
        ]

    def rates(self, shares: list[list[float]]) -> list[Rates]:
        """Each reviewer's error rates, if the units were as `shares` say."""
        nothing = [0.0] * self.classes
        counted = [
            [sum(column) for column in zip(*map(shares.__getitem__, units), strict=True)]
            if units
            else nothing
            for units in self.voted_on
        ]
        return [
            self._reviewer_rates(counted[first : first + self.classes])
            for first in range(0, len(counted), self.classes)
        ]

    def _reviewer_rates(self, counted: list[list[float]]) -> Rates:
        """`counted`: rows by the class they said, columns by the true class."""
        rates = []
        for true in range(self.classes):
            row = [
                counted[said][true] + (self.assumed.right if said == true else self.assumed.wrong)
                for said in range(self.classes)
            ]
            total = sum(row) or 1.0
            rates.append([max(count / total, SMALLEST) for count in row])
        return rates

    def expect(self, priors: Mapping[Hashable, list[float]], rates: list[Rates]) -> list[list[float]]:
        """The probability of each class of each unit. In logarithms: products of many rates are too small."""
        logs = list(self._logs_of_votes(rates))
        starts = {group: [log(share) for share in prior] for group, prior in priors.items()}
        return [
            self.fixed.get(number)
            or _normalised(
                [sum(column) for column in zip(starts[group], *map(logs.__getitem__, said), strict=True)]
            )
            for number, (group, said) in enumerate(zip(self.groups, self.votes, strict=True))
        ]

    def _logs_of_votes(self, rates: list[Rates]) -> Iterator[list[float]]:
        for theirs in rates:
            for said in range(self.classes):
                yield [log(theirs[true][said]) for true in range(self.classes)]


def _normalised(logs: Sequence[float]) -> list[float]:
    largest = max(logs)
    weights = [exp(value - largest) for value in logs]
    total = sum(weights)
    return [weight / total for weight in weights]


def _distance(one: list[float], other: list[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
