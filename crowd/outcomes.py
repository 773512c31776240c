"""What the reviews of an item say together: the median of each question, and keep, fix or delete."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from math import prod
from statistics import fmean, median_low

from . import agreement
from .models import Item, Status, Submission


class Outcome(StrEnum):
    KEEP = "keep"
    FIX = "needs_fix"
    DELETE = "delete"


BY_SCORE = {1: Outcome.DELETE, 2: Outcome.FIX, 3: Outcome.KEEP}

Scores = dict[str, int]  # question → score


def outcome_of(reviews: Sequence[Scores]) -> Outcome | None:
    """The outcome of the lowest median of any question; None without reviews. Of an even number of scores the
    lower of the two in the middle counts: a doubt is looked at rather than passed.
    """
    if not reviews:
        return None
    return BY_SCORE[min(medians(reviews).values())]


def medians(reviews: Sequence[Scores]) -> Scores:
    return {key: median_low(review[key] for review in reviews) for key in reviews[0]}


def summary(scores: Sequence[int]) -> dict[str, float | int | None]:
    """Of the scores of one question: n, mean, median, min, majority, disagreement."""
    if not scores:
        return {"n": 0, "mean": None, "median": None, "min": None, "majority": None, "disagreement": None}
    return {
        "n": len(scores),
        "mean": round(fmean(scores), 4),
        "median": median_low(scores),
        "min": min(scores),
        "majority": majority(scores),
        "disagreement": disagreement(scores),
    }


def majority(scores: Sequence[int]) -> int | None:
    """The score that more than half gave."""
    score, times = Counter(scores).most_common(1)[0]
    return score if 2 * times > len(scores) else None


def disagreement(scores: Sequence[int]) -> float | None:
    """The share of pairs of reviewers that gave different scores, 0 to 1; None for fewer than two."""
    return agreement.disagreement(Counter(scores))


def most_disagreement(reviews: Sequence[Scores]) -> float | None:
    """Of the question with the most, as one bad question is enough for an outcome."""
    if len(reviews) < 2:
        return None
    found = [disagreement([review[key] for review in reviews]) for key in reviews[0]]
    return max(share for share in found if share is not None)


Shares = Sequence[float]  # of one question: the probabilities of scores 1, 2 and 3


def outcome_probabilities(questions: Sequence[Shares]) -> dict[str, float]:
    """Outcome → how probable, if the questions of an item are independent. As the outcome is that of the
    lowest score: keep if all are 3, delete unless all are 2 or 3."""
    keep, at_least_fix = (
        prod(share[2] for share in questions),
        prod(share[1] + share[2] for share in questions),
    )
    return _by_outcome(1 - at_least_fix, at_least_fix - keep, keep)


def outcome_probabilities_together(questions: Sequence[Shares]) -> dict[str, float]:
    """The same if an item is good or bad as a whole: as bad as its worst question, and no worse."""
    delete, at_most_fix = (
        max(share[0] for share in questions),
        max(share[0] + share[1] for share in questions),
    )
    return _by_outcome(delete, at_most_fix - delete, 1 - at_most_fix)


def _by_outcome(delete: float, fix: float, keep: float) -> dict[str, float]:
    found = {Outcome.KEEP: keep, Outcome.FIX: fix, Outcome.DELETE: delete}
    return {outcome.value: min(1.0, max(0.0, round(share, 4))) for outcome, share in found.items()}


def scores_by_item(items: Iterable[Item]) -> dict[int, list[Scores]]:
    """Item id → the scores of its counted reviews, in the order they came."""
    found: dict[int, list[Scores]] = {item.pk: [] for item in items}
    rows = Submission.objects.filter(item__in=list(found), status=Status.COUNTED).order_by("id")
    for item_id, answers in rows.values_list("item_id", "answers"):
        found[item_id].append({key: answer["score"] for key, answer in answers.items()})
    return found
