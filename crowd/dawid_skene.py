"""How reliable each reviewer is and what each item's true class probably is, estimated from each other.

A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM
Algorithm", Journal of the Royal Statistical Society C 28 (1979) 20–28. Error rates have a Dirichlet prior
that expects a reviewer to be right more often than not, because few reviews say little about a person.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MAX_ROUNDS = 100
TOLERANCE = 1e-6
# What is assumed before any review: so many right and wrong answers of each class.
RIGHT, WRONG = 4.0, 1.0

Vote = tuple[int, int, int]  # item, reviewer, class (0 …)


@dataclass(frozen=True)
class Estimate:
    """`posterior`: item → the probability of each class. `error_rates`: reviewer → rows by true class,
    columns by the class they say. `prior`: how common the classes are."""

    posterior: dict[int, list[float]]
    error_rates: dict[int, list[list[float]]]
    prior: list[float]

    def accuracy(self, reviewer: int) -> float:
        """How often this reviewer is right, over the classes as they are."""
        rates = self.error_rates[reviewer]
        return sum(share * rates[one][one] for one, share in enumerate(self.prior))


def estimate(votes: Iterable[Vote], classes: int, known: Mapping[int, int] | None = None) -> Estimate:
    """`known`: item → its true class, where that is certain."""
    by_item: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for item, reviewer, said in votes:
        by_item[item].append((reviewer, said))
    fixed = {item: _certain(one, classes) for item, one in (known or {}).items() if item in by_item}
    posterior = {item: fixed.get(item) or _shares(said, classes) for item, said in by_item.items()}
    prior, rates = _maximise(posterior, by_item, classes)
    for _ in range(MAX_ROUNDS):
        newer = {
            item: fixed.get(item) or _expect(said, prior, rates, classes) for item, said in by_item.items()
        }
        moved = max((_distance(posterior[item], newer[item]) for item in newer), default=0.0)
        posterior = newer
        prior, rates = _maximise(posterior, by_item, classes)
        if moved < TOLERANCE:
            break
    return Estimate(posterior, rates, prior)


def _certain(one: int, classes: int) -> list[float]:
    return [float(number == one) for number in range(classes)]


def _shares(said: Sequence[tuple[int, int]], classes: int) -> list[float]:
    return [sum(one == number for _, one in said) / len(said) for number in range(classes)]


def _maximise(
    posterior: dict[int, list[float]], by_item: dict[int, list[tuple[int, int]]], classes: int
) -> tuple[list[float], dict[int, list[list[float]]]]:
    """How common the classes are, and each reviewer's error rates, if the items were as `posterior` says."""
    total = len(posterior) + classes
    prior = [(sum(shares[one] for shares in posterior.values()) + 1) / total for one in range(classes)]
    counted: dict[int, list[list[float]]] = defaultdict(
        lambda: [[RIGHT if one == said else WRONG for said in range(classes)] for one in range(classes)]
    )
    for item, votes in by_item.items():
        for reviewer, said in votes:
            for one in range(classes):
                counted[reviewer][one][said] += posterior[item][one]
    rates = {
        reviewer: [[count / sum(row) for count in row] for row in rows] for reviewer, rows in counted.items()
    }
    return prior, rates


def _expect(
    said: Sequence[tuple[int, int]],
    prior: list[float],
    rates: dict[int, list[list[float]]],
    classes: int,
) -> list[float]:
    weights = list(prior)
    for reviewer, vote in said:
        for one in range(classes):
            weights[one] *= rates[reviewer][one][vote]
    total = sum(weights)
    return [weight / total for weight in weights]


def _distance(one: list[float], other: list[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
