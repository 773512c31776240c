"""Measures the reviews of campaigns: agreement, each reviewer's record and reliability, and with these what
each item probably is. Everything is stored; pages read it, and say when it was measured.

A sweep calls `measure_due` every minute. It never changes a review, nor asks again about an item that was
certain enough; but items that have become so are not asked about any more.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from time import monotonic

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now
from django.utils import timezone

from tasks.sql import run, update_rows

from . import certainty, dawid_skene, slots
from .agreement import krippendorff_alpha, pair_agreement
from .counts import totals
from .models import Campaign, Item, Measurement, Participation, ReviewerMeasure, Submission
from .outcomes import Scores
from .records import Review, record_of, tally
from .rubric import question_keys, scores_of

log = logging.getLogger(__name__)

CHUNK = 1000
# The estimate of one measurement stops after so long; the next one goes on from where it was.
ESTIMATE_SECONDS = 15
# A worker that has not finished after so long has died.
LEASE = timedelta(minutes=10)
# Campaigns are measured again after a minute, large ones after so many times what it took.
REST = 20
MINUTE = timedelta(minutes=1)


def measure_due() -> int:
    """Measure the campaigns with other reviews than were measured. Returns how many."""
    longest_ago_first = F("measurement__measured_at").asc(nulls_first=True)
    due = [campaign for campaign in Campaign.objects.public().order_by(longest_ago_first) if is_due(campaign)]
    return sum(map(_measure_or_log, due))


def _measure_or_log(campaign: Campaign) -> bool:
    try:
        return measure(campaign) is not None
    except Exception:  # the other campaigns are measured all the same
        log.exception("campaign %s could not be measured", campaign.pk)
        return False


def is_due(campaign: Campaign) -> bool:
    """Whether there is something new, and the last time was long enough ago."""
    reviews, last_submission = _state(campaign)
    last = Measurement.objects.filter(campaign=campaign).first()
    if last is None or last.measured_at is None:
        return reviews > 0
    rested = timezone.now() - last.measured_at >= max(MINUTE, timedelta(seconds=REST * last.seconds))
    return rested and (last.reviews, last.last_submission) != (reviews, last_submission)


def _state(campaign: Campaign) -> tuple[int, int]:
    """Differs whenever reviews were added, replaced or withdrawn."""
    newest = Submission.objects.filter(campaign=campaign).aggregate(newest=Max("id"))["newest"]
    return totals(campaign).reviews, newest or 0


def forget(campaign: Campaign) -> None:
    """What was measured no longer holds for another reason than a review, such as a new known answer."""
    Measurement.objects.filter(campaign=campaign).update(last_submission=-1)


def measure(campaign: Campaign) -> Measurement | None:
    """All of it, now. None if another process is at it."""
    Measurement.objects.bulk_create([Measurement(campaign=campaign)], ignore_conflicts=True)
    is_free = Q(started_at=None) | Q(started_at__lt=Now() - LEASE)
    if not Measurement.objects.filter(is_free, campaign=campaign).update(started_at=Now()):
        return None
    try:
        return _measure(campaign)
    finally:
        Measurement.objects.filter(campaign=campaign).update(started_at=None)


def _measure(campaign: Campaign) -> Measurement:
    began = monotonic()
    # Before the reviews are read: what comes meanwhile is measured next time.
    counted, last_submission = _state(campaign)
    reviews = list(_reviews(campaign))
    rows = Item.objects.filter(campaign=campaign, known__isnull=False).values_list("pk", "known")
    known: dict[int, Scores] = {item: scores for item, scores in rows if scores}
    model = _estimate(campaign, reviews, known).model
    measured = _measured(campaign, reviews, model)
    _write_records(campaign, reviews, known, model)
    Measurement.objects.filter(campaign=campaign).update(**measured)
    _remeasure_items(campaign)
    Measurement.objects.filter(campaign=campaign).update(
        measured_at=Now(), reviews=counted, last_submission=last_submission, seconds=monotonic() - began
    )
    return Measurement.objects.get(campaign=campaign)


def _reviews(campaign: Campaign) -> Iterator[Review]:
    """Its counted reviews."""
    keys = question_keys(campaign.rubric)
    scores = ", ".join(f"(answers -> %(key{place})s::text ->> 'score')::int" for place in range(len(keys)))
    rows = run(
        f"SELECT item_id, reviewer_id, seconds, {scores} FROM crowd_submission"
        " WHERE campaign_id = %(campaign)s AND status = 'counted' ORDER BY id",
        {"campaign": campaign.pk} | {f"key{place}": key for place, key in enumerate(keys)},
    )
    for item, reviewer, seconds, *given in rows:
        yield Review(
            item,
            reviewer,
            {key: score for key, score in zip(keys, given, strict=True) if score is not None},
            seconds,
        )


def _estimate(
    campaign: Campaign, reviews: Sequence[Review], known: dict[int, Scores]
) -> dawid_skene.Estimate:
    """A unit is a question of an item. All questions share the error rates of a reviewer, because there are
    too few reviews of most people for a table of each; each question has its own common scores."""
    scale = scores_of(campaign.rubric)
    votes = [
        dawid_skene.Vote((review.item, key), review.reviewer, scale.index(score))
        for review in reviews
        for key, score in review.scores.items()
    ]
    return dawid_skene.estimate(
        votes,
        len(scale),
        known={(item, key): scale.index(score) for item, one in known.items() for key, score in one.items()},
        group_of={vote.unit: vote.unit[1] for vote in votes},
        start=_earlier(campaign),
        seconds=ESTIMATE_SECONDS,
    )


def _earlier(campaign: Campaign) -> dawid_skene.Model | None:
    last = Measurement.objects.get(campaign=campaign)
    if last.measured_at is None:
        return None
    rates = ReviewerMeasure.objects.filter(participation__campaign=campaign)
    return dawid_skene.Model(last.priors, dict(rates.values_list("participation__reviewer", "rates")))


def _measured(
    campaign: Campaign, reviews: Sequence[Review], model: dawid_skene.Model
) -> dict[str, dict[str, object]]:
    tallies = tally(reviews)
    of_question = {
        key: [scores for (_, asked), scores in tallies.items() if asked == key]
        for key in question_keys(campaign.rubric)
    }
    return {
        "agreement": {key: pair_agreement(found) for key, found in of_question.items()},
        "alpha": {key: krippendorff_alpha(found) for key, found in of_question.items()},
        "priors": {str(key): prior for key, prior in model.priors.items()},
    }


def _write_records(
    campaign: Campaign, reviews: Sequence[Review], known: dict[int, Scores], model: dawid_skene.Model
) -> None:
    """Of those who have reviews that count. Who was blocked keeps the record that was measured before."""
    tallies, by_reviewer = tally(reviews), defaultdict(list)
    for review in reviews:
        by_reviewer[review.reviewer].append(review)
    participations = dict(Participation.objects.filter(campaign=campaign).values_list("reviewer", "pk"))
    common = [sum(column) / len(model.priors) for column in zip(*model.priors.values(), strict=True)]
    rows = [
        ReviewerMeasure(
            participation_id=participations[reviewer],
            accuracy=round(dawid_skene.accuracy(model.rates[reviewer], common), 4),
            rates=[[round(share, 6) for share in row] for row in model.rates[reviewer]],
            **asdict(record_of(theirs, tallies, known, min_seconds=campaign.min_seconds)),
        )
        for reviewer, theirs in by_reviewer.items()
    ]
    ReviewerMeasure.objects.bulk_create(
        rows,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["participation"],
        update_fields=[
            field.name
            for field in ReviewerMeasure._meta.concrete_fields
            if field.name not in ("id", "participation")
        ],
    )


def _remeasure_items(campaign: Campaign) -> None:
    last = 0
    reviewed = Item.objects.filter(campaign=campaign).exclude(counted=0, certainty=None)
    while chunk := list(reviewed.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        last = chunk[-1]
        if certain := _remeasure_chunk(campaign, chunk):
            slots.resettle(campaign.pk, certain)


def _remeasure_chunk(campaign: Campaign, chunk: Sequence[int]) -> list[int]:
    """Returns the items that are asked about but have become certain enough."""
    with transaction.atomic():
        items = list(Item.objects.filter(pk__in=chunk).locked())
        before = {item.pk: _columns(item) for item in items}
        certainty.remeasure(campaign, items)
        update_rows([item for item in items if _columns(item) != before[item.pk]], certainty.MEASURED)
    return [item.pk for item in items if not item.is_done and certainty.is_certain(campaign, item)]


def _columns(item: Item) -> list[object]:
    return [getattr(item, name) for name in certainty.MEASURED]
