"""How far reviews can be trusted: agreement, each reviewer's record, and what items probably are.

Read with one pass over the counted reviews.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from . import dawid_skene
from .models import Campaign, Item, Status, Submission
from .outcomes import BY_SCORE, Outcome, Scores, disagreement, outcome_of
from .rubric import scores_of

# Somebody who gives every question of every item the same scores, in at least so many reviews.
STRAIGHT_LINE_FROM = 8
STRAIGHT_LINE_SHARE = 0.95
# Half of the reviews of a person are faster than the campaign's `min_seconds`, in at least so many reviews.
SPEEDING_FROM = 3


@dataclass(frozen=True)
class Row:
    """One counted review."""

    item: int
    reviewer: int
    scores: Scores
    seconds: float | None


@dataclass(frozen=True)
class ReviewerRecord:
    """`agreement`: the share of scores that equal those of others on the same items and questions, 0 to 1.
    `accuracy`: how often right by the estimated error rates. `known_right` of `known_asked` scores of
    known-answer items. None: nothing to compare with."""

    reviewer: int
    reviews: int
    median_seconds: float | None
    agreement: float | None
    accuracy: float | None
    known_right: int
    known_asked: int
    speeds: bool
    straight_lines: bool

    @property
    def is_flagged(self) -> bool:
        return self.speeds or self.straight_lines


@dataclass(frozen=True)
class ItemEstimate:
    """`outcome` by the medians, `posterior` by the reviewers' estimated reliability; they may differ."""

    item: int
    outcome: Outcome | None
    posterior: dict[str, float]
    disagreement: float | None

    @property
    def probable(self) -> Outcome:
        return Outcome(max(self.posterior, key=lambda name: self.posterior[name]))


@dataclass(frozen=True)
class Quality:
    """`agreement`: by question, the share of pairs of reviewers that gave an item the same score; `alpha`:
    the same corrected for chance."""

    agreement: dict[str, float | None]
    alpha: dict[str, float | None]
    reviewers: list[ReviewerRecord]
    items: dict[int, ItemEstimate]


def rows_of(campaign: Campaign) -> list[Row]:
    found = Submission.objects.filter(campaign=campaign, status=Status.COUNTED).order_by("id")
    return [
        Row(item, reviewer, {key: answer["score"] for key, answer in answers.items()}, seconds)
        for item, reviewer, answers, seconds in found.values_list(
            "item_id", "reviewer_id", "answers", "seconds"
        )
    ]


def quality_of(campaign: Campaign) -> Quality:
    rows = rows_of(campaign)
    items = Item.objects.filter(campaign=campaign).values_list("pk", "known")
    known = {item: scores for item, scores in items if scores}
    keys = [question["key"] for question in campaign.rubric["questions"]]
    by_item: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_item[row.item].append(row)
    estimate = _estimate(campaign, rows, known)
    return Quality(
        agreement={key: _pair_agreement(by_item, key) for key in keys},
        alpha={
            key: krippendorff_alpha([[row.scores[key] for row in one] for one in by_item.values()])
            for key in keys
        },
        reviewers=_records(campaign, rows, by_item, known, estimate),
        items={item: _item(item, found, estimate) for item, found in by_item.items()},
    )


def _estimate(campaign: Campaign, rows: list[Row], known: dict[int, Scores]) -> dawid_skene.Estimate:
    """Classes are outcomes: what a reviewer says about an item is its lowest score, as in `outcome_of`."""
    scores = scores_of(campaign.rubric)
    votes = [(row.item, row.reviewer, scores.index(min(row.scores.values()))) for row in rows]
    certain = {item: scores.index(min(one.values())) for item, one in known.items()}
    return dawid_skene.estimate(votes, len(scores), certain)


def _item(item: int, rows: list[Row], estimate: dawid_skene.Estimate) -> ItemEstimate:
    shares = estimate.posterior[item]
    lowest = [min(row.scores.values()) for row in rows]
    return ItemEstimate(
        item=item,
        outcome=outcome_of([row.scores for row in rows]),
        posterior={BY_SCORE[place + 1].value: round(share, 4) for place, share in enumerate(shares)},
        disagreement=disagreement(lowest),
    )


def _pair_agreement(by_item: dict[int, list[Row]], key: str) -> float | None:
    same = total = 0
    for rows in by_item.values():
        for one, other in combinations(rows, 2):
            total += 1
            same += one.scores[key] == other.scores[key]
    return round(same / total, 4) if total else None


def krippendorff_alpha(units: list[list[int]]) -> float | None:
    """Krippendorff's alpha for ordinal data: 1 is agreement, 0 what chance would give. None if no item has
    two scores or all scores are the same.

    K. Krippendorff, "Content Analysis", 4th ed. (2018), ch. 12: 1 − D_observed / D_expected, where the
    distance of two ranks is the square of the number of scores between them.
    """
    pairable = [unit for unit in units if len(unit) > 1]
    counts = Counter(score for unit in pairable for score in unit)
    total = sum(counts.values())
    if len(counts) < 2:
        return None
    ranks = sorted(counts)

    def distance(one: int, other: int) -> float:
        low, high = sorted((one, other))
        between = sum(counts[rank] for rank in ranks if low <= rank <= high)
        return (between - (counts[low] + counts[high]) / 2) ** 2

    observed = sum(
        2 * sum(distance(one, other) for one, other in combinations(unit, 2)) / (len(unit) - 1)
        for unit in pairable
    )
    expected = sum(counts[one] * counts[other] * distance(one, other) for one in ranks for other in ranks)
    return round(1 - (total - 1) * observed / expected, 4)


def _records(
    campaign: Campaign,
    rows: list[Row],
    by_item: dict[int, list[Row]],
    known: dict[int, Scores],
    estimate: dawid_skene.Estimate,
) -> list[ReviewerRecord]:
    of_reviewer: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        of_reviewer[row.reviewer].append(row)
    return [
        _record(campaign, reviewer, theirs, by_item, known, estimate.accuracy(reviewer))
        for reviewer, theirs in sorted(of_reviewer.items())
    ]


def _record(
    campaign: Campaign,
    reviewer: int,
    theirs: list[Row],
    by_item: dict[int, list[Row]],
    known: dict[int, Scores],
    accuracy: float,
) -> ReviewerRecord:
    seconds = [row.seconds for row in theirs if row.seconds is not None]
    same = total = right = asked = 0
    for row in theirs:
        for other in by_item[row.item]:
            if other.reviewer != reviewer:
                total += len(row.scores)
                same += sum(row.scores[key] == other.scores[key] for key in row.scores)
        for key, score in known.get(row.item, {}).items():
            asked += 1
            right += row.scores.get(key) == score
    fast = sum(one < campaign.min_seconds for one in seconds)
    commonest = Counter(tuple(row.scores.values()) for row in theirs).most_common(1)[0][1]
    return ReviewerRecord(
        reviewer=reviewer,
        reviews=len(theirs),
        median_seconds=round(median(seconds), 1) if seconds else None,
        agreement=round(same / total, 4) if total else None,
        accuracy=round(accuracy, 4),
        known_right=right,
        known_asked=asked,
        speeds=len(seconds) >= SPEEDING_FROM and 2 * fast > len(seconds),
        straight_lines=len(theirs) >= STRAIGHT_LINE_FROM
        and commonest >= STRAIGHT_LINE_SHARE * len(theirs)
        and len(set(next(iter(theirs)).scores.values())) == 1,
    )
