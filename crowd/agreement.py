"""How far reviewers agree, from how many gave each score to a question of an item."""

from collections import Counter
from collections.abc import Iterable

Tally = Counter[int]  # score → how many reviewers gave it, of one question of one item


def pair_agreement(tallies: Iterable[Tally]) -> float | None:
    """The share of pairs of reviewers of the same item that gave it the same score. None: no pairs."""
    same = total = 0
    for tally in tallies:
        reviews = tally.total()
        same += sum(count * (count - 1) for count in tally.values())
        total += reviews * (reviews - 1)
    return round(same / total, 4) if total else None


def disagreement(tally: Tally) -> float | None:
    """The share of pairs that gave different scores. None for fewer than two reviewers."""
    agreement = pair_agreement([tally])
    return None if agreement is None else round(1 - agreement, 4)


def krippendorff_alpha(tallies: Iterable[Tally]) -> float | None:
    """Krippendorff's alpha for ordinal data: 1 is agreement, 0 what chance would give, below 0 worse. None if
    no item has two scores, or all scores are the same.

    K. Krippendorff, "Content Analysis", 4th ed. (2018), ch. 12: 1 − D_observed / D_expected, where the
    distance of two scores is the square of how many scores were given between them, each end counted half.
    """
    pairable = [tally for tally in tallies if tally.total() > 1]
    given = _sum(pairable)
    if len(given) < 2:
        return None
    distances = _distances(given)
    observed = sum(
        tally[one] * tally[other] * distance / (tally.total() - 1)
        for tally in pairable
        for (one, other), distance in distances.items()
        if tally[one] and tally[other]
    )
    expected = sum(given[one] * given[other] * distance for (one, other), distance in distances.items())
    return round(1 - (given.total() - 1) * observed / expected, 4)


def _sum(tallies: list[Tally]) -> Tally:
    given: Tally = Counter()
    for tally in tallies:
        given.update(tally)
    return given


def _distances(given: Tally) -> dict[tuple[int, int], float]:
    """Of each pair of different scores, the lower one first."""
    scores = sorted(given)
    return {
        (low, high): (
            sum(given[score] for score in scores if low <= score <= high) - (given[low] + given[high]) / 2
        )
        ** 2
        for place, low in enumerate(scores)
        for high in scores[place + 1 :]
    }
