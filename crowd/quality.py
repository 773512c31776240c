"""What pages show about the quality of a campaign's reviews. Everything was stored before: see `certainty`
for items, `measuring` for reviewers and agreement. Lists are to be paged."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy

from tasks.sql import run

from .counts import totals
from .models import Campaign, Item, Measurement, Participation
from .rubric import question_keys, scores_of

Order = tuple[str | OrderBy, ...]

ITEM_ORDERS: dict[str, Order] = {
    "disagreement": (F("disagreement").desc(nulls_last=True), "position"),
    "certainty": (F("certainty").asc(nulls_last=True), "position"),
    "position": ("position",),
}
FLAGGED = Q(measure__speeds=True) | Q(measure__straight_lines=True)
REVIEWER_ORDERS: dict[str, Order] = {
    "reviews": ("-counted", "pk"),
    "agreement": (F("measure__agreement").asc(nulls_last=True), "pk"),
    "accuracy": (F("measure__accuracy").asc(nulls_last=True), "pk"),
    "seconds": (F("measure__median_seconds").asc(nulls_last=True), "pk"),
}


@dataclass(frozen=True)
class Quality:
    """`agreement`: by question, the share of pairs of reviewers that gave an item the same score, 0 to 1;
    `alpha`: the same corrected for chance, at most 1. None where there is nothing to compare. As of
    `measured_at`; `is_stale`: other reviews count now than were measured."""

    measured_at: datetime | None
    reviews: int
    is_stale: bool
    agreement: dict[str, float | None]
    alpha: dict[str, float | None]


@dataclass(frozen=True)
class ScoreRow:
    """How often each score was given to a question, in reviews that count."""

    key: str
    title: dict[str, str]
    counts: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> float | None:
        if not self.total:
            return None
        return round(sum(score * count for score, count in self.counts.items()) / self.total, 2)


def quality_of(campaign: Campaign) -> Quality:
    found = Measurement.objects.filter(campaign=campaign).first() or Measurement(campaign=campaign)
    nothing: dict[str, float | None] = dict.fromkeys(question_keys(campaign.rubric))
    return Quality(
        measured_at=found.measured_at,
        reviews=found.reviews,
        is_stale=found.reviews != totals(campaign).reviews,
        agreement=nothing | found.agreement,
        alpha=nothing | found.alpha,
    )


def score_table(campaign: Campaign) -> list[ScoreRow]:
    """In one statement, over all reviews that count now."""
    questions, scale = campaign.rubric["questions"], scores_of(campaign.rubric)
    asked = [(question["key"], score) for question in questions for score in scale]
    columns = ", ".join(
        f"count(*) FILTER (WHERE answers #>> ARRAY[%(key{place})s::text, 'score'] = %(score{place})s::text)"
        for place in range(len(asked))
    )
    values: dict[str, Any] = {"campaign": campaign.pk}
    for place, (key, score) in enumerate(asked):
        values |= {f"key{place}": key, f"score{place}": str(score)}
    (found,) = run(
        f"SELECT {columns} FROM crowd_submission WHERE campaign_id = %(campaign)s AND status = 'counted'",
        values,
    )
    counts = dict(zip(asked, found, strict=True))
    return [
        ScoreRow(
            question["key"], question["title"], {score: counts[question["key"], score] for score in scale}
        )
        for question in questions
    ]


def items_ordered(campaign: Campaign, by: str) -> QuerySet[Item]:
    """`by` one of ITEM_ORDERS, each with an index."""
    return Item.objects.filter(campaign=campaign).order_by(*ITEM_ORDERS[by])


def items_by_disagreement(campaign: Campaign) -> QuerySet[Item]:
    return items_ordered(campaign, "disagreement")


def reviewers_of(campaign: Campaign, by: str = "reviews") -> QuerySet[Participation]:
    """Each with `reviewer` and `measure`, which is missing (`hasattr`) until the first of their reviews was
    measured. `by` one of REVIEWER_ORDERS."""
    theirs = Participation.objects.filter(campaign=campaign).select_related("reviewer", "measure")
    return theirs.order_by(*REVIEWER_ORDERS[by])


def flagged(campaign: Campaign) -> QuerySet[Participation]:
    """Those who speed or straight-line, and are not blocked."""
    return reviewers_of(campaign).filter(FLAGGED, blocked_at=None)
