"""What the reviews of one person in a campaign look like beside those of the others.

A flag says that a lead should look; it changes nothing by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from .agreement import Tally
from .outcomes import Scores

# Speeding: more than half of at least so many timed reviews took less than the campaign's `min_seconds`. A
# share, not the mean: a page left open overnight, or a second tab, makes a review look longer, never shorter.
SPEEDING_FROM = 5
# Straight-lining: the same scores in nearly all of at least so many reviews …
STRAIGHT_LINE_FROM = 8
STRAIGHT_LINE_SHARE = 0.95
# … although so many of these reviews, and such a part of those that can be compared, are contradicted. One or
# two may be mistakes of the others. On items that all find good, all-keep is simply right.
CONTRADICTED_FROM = 3
CONTRADICTED_SHARE = 0.15
# By a known answer, or by so many others who all score a question differently: one alone may be wrong.
CONTRADICTING = 2


@dataclass(frozen=True)
class Review:
    """One counted review. `seconds` from the claim to the submission; None if that is not known: the item
    had been given to somebody else meanwhile, or the review was restored from a file."""

    item: int
    reviewer: int
    scores: Scores
    seconds: float | None


@dataclass(frozen=True)
class Record:
    """`agreement`: of each score that others gave one beside, the share of those others who gave the same,
    on average, 0 to 1; `compared`: how many scores that are. `known_right` of `known_asked`: scores of
    known-answer items. None: nothing to compare with."""

    reviews: int
    median_seconds: float | None
    agreement: float | None
    compared: int
    known_right: int
    known_asked: int
    speeds: bool
    straight_lines: bool


Tallies = Mapping[tuple[int, str], Tally]  # (item, question) → its scores


def tally(reviews: Iterable[Review]) -> dict[tuple[int, str], Tally]:
    found: dict[tuple[int, str], Tally] = defaultdict(Counter)
    for review in reviews:
        for key, score in review.scores.items():
            found[review.item, key][score] += 1
    return found


def record_of(
    theirs: Sequence[Review], tallies: Tallies, known: Mapping[int, Scores], *, min_seconds: float
) -> Record:
    """`theirs`: the reviews of one person, at least one; `tallies` and `known` of the campaign."""
    seconds = [review.seconds for review in theirs if review.seconds is not None]
    shares = list(_shares_of_others(theirs, tallies))
    answered = [
        score == known[review.item][key]
        for review in theirs
        for key, score in review.scores.items()
        if key in known.get(review.item, ())
    ]
    return Record(
        reviews=len(theirs),
        median_seconds=round(median(seconds), 1) if seconds else None,
        agreement=round(fmean(shares), 4) if shares else None,
        compared=len(shares),
        known_right=sum(answered),
        known_asked=len(answered),
        speeds=speeds(seconds, min_seconds),
        straight_lines=straight_lines(theirs, tallies, known),
    )


def _shares_of_others(theirs: Iterable[Review], tallies: Tallies) -> Iterable[float]:
    for review in theirs:
        for key, score in review.scores.items():
            scores = tallies[review.item, key]
            if (others := scores.total() - 1) > 0:
                yield (scores[score] - 1) / others


def speeds(seconds: Sequence[float], min_seconds: float) -> bool:
    fast = sum(taken < min_seconds for taken in seconds)
    return len(seconds) >= SPEEDING_FROM and 2 * fast > len(seconds)


def straight_lines(theirs: Sequence[Review], tallies: Tallies, known: Mapping[int, Scores]) -> bool:
    line, times = Counter(tuple(review.scores.items()) for review in theirs).most_common(1)[0]
    if len(theirs) < STRAIGHT_LINE_FROM or times < STRAIGHT_LINE_SHARE * len(theirs):
        return False
    on_line = [review for review in theirs if tuple(review.scores.items()) == line]
    found = [_is_contradicted(review, tallies, known.get(review.item, {})) for review in on_line]
    comparable = sum(one is not None for one in found)
    contradicted = sum(one is True for one in found)
    return contradicted >= CONTRADICTED_FROM and contradicted >= CONTRADICTED_SHARE * comparable


def _is_contradicted(review: Review, tallies: Tallies, known: Scores) -> bool | None:
    """None: nobody could contradict it."""
    verdicts = []
    for key, score in review.scores.items():
        scores = tallies[review.item, key]
        if key in known:
            verdicts.append(known[key] != score)
        elif scores.total() - 1 >= CONTRADICTING:
            verdicts.append(scores[score] == 1)
    return any(verdicts) if verdicts else None
