"""What the reviews of an item say together: the median of each question, and keep, fix or delete."""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import combinations
from statistics import fmean, median_low

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
    pairs = list(combinations(scores, 2))
    return round(sum(one != other for one, other in pairs) / len(pairs), 4) if pairs else None


def scores_by_item(items: Iterable[Item]) -> dict[int, list[Scores]]:
    """Item id → the scores of its counted reviews, in the order they came."""
    found: dict[int, list[Scores]] = {item.pk: [] for item in items}
    rows = Submission.objects.filter(item__in=list(found), status=Status.COUNTED).order_by("id")
    for item_id, answers in rows.values_list("item_id", "answers"):
        found[item_id].append({key: answer["score"] for key, answer in answers.items()})
    return found
