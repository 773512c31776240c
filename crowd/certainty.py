"""What the counted reviews of an item say together, and whether that is certain enough to stop asking.

Everything here is a function of the item's counted reviews and of what `measuring` last found about their
reviewers. It is stored with the item, under its lock, whenever its counted reviews change.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.utils import timezone

from tasks.sql import run

from . import dawid_skene
from .models import Campaign, Item, Measurement
from .outcomes import (
    Scores,
    most_disagreement,
    outcome_of,
    outcome_probabilities,
    outcome_probabilities_together,
)
from .rubric import question_keys, scores_of

# The columns that `remeasure` sets.
MEASURED = ("outcome", "disagreement", "posterior", "certainty")
# However reliable somebody is, one person alone does not end an item.
STOP_FROM = 2

Review = tuple[Scores, dawid_skene.Rates | None]

_COUNTED = """
    SELECT s.item_id, s.answers, m.rates FROM crowd_submission s
    LEFT JOIN crowd_participation p ON p.campaign_id = s.campaign_id AND p.reviewer_id = s.reviewer_id
    LEFT JOIN crowd_reviewermeasure m ON m.participation_id = p.id
    WHERE s.item_id = ANY(%(items)s::bigint[]) AND s.status = 'counted' ORDER BY s.id
"""


def remeasure(campaign: Campaign, items: Collection[Item]) -> None:
    """Sets MEASURED of these items, which are locked, without saving them."""
    reviews: dict[int, list[Review]] = defaultdict(list)
    for item_id, answers, rates in run(_COUNTED, {"items": [item.pk for item in items]}):
        scores = {key: answer["score"] for key, answer in json.loads(answers).items()}
        reviews[item_id].append((scores, rates and json.loads(rates)))
    priors = Measurement.objects.filter(campaign=campaign).values_list("priors", flat=True).first() or {}
    for item in items:
        _remeasure_one(campaign, item, reviews[item.pk], priors)


def _remeasure_one(
    campaign: Campaign, item: Item, reviews: Sequence[Review], priors: dict[str, list[float]]
) -> None:
    scores = [scores for scores, _ in reviews]
    item.outcome = outcome_of(scores) or ""
    item.disagreement = most_disagreement(scores)
    item.posterior = item.certainty = None
    if reviews:
        questions = question_shares(campaign, item.known, reviews, priors)
        item.posterior = outcome_probabilities(questions)
        # Real items are in between the two: how sure the outcome is by the less favourable one.
        together = outcome_probabilities_together(questions)
        item.certainty = min(item.posterior[item.outcome], together[item.outcome])


def question_shares(
    campaign: Campaign,
    known: Scores | None,
    reviews: Sequence[Review],
    priors: dict[str, list[float]],
) -> list[list[float]]:
    """How probable each score of each question is. Reviewers and questions of which nothing is known yet
    count as average."""
    scale = scores_of(campaign.rubric)
    newcomer = dawid_skene.ASSUMED.rates(len(scale))
    even = [1 / len(scale)] * len(scale)
    questions = []
    for key in question_keys(campaign.rubric):
        if known and key in known:
            questions.append([float(score == known[key]) for score in scale])
        else:
            votes = [
                (rates or newcomer, scale.index(scores[key])) for scores, rates in reviews if key in scores
            ]
            questions.append(dawid_skene.posterior(priors.get(key) or even, votes))
    return questions


def open_slots_wanted(campaign: Campaign, item: Item) -> int:
    """How many reviews an item that was remeasured still wants. Sets `stopped_at`."""
    missing = max(0, campaign.target - item.counted)
    if missing and is_certain(campaign, item):
        item.stopped_at = item.stopped_at or timezone.now()
        return 0
    item.stopped_at = None
    return missing


def is_certain(campaign: Campaign, item: Item) -> bool:
    """Its outcome is as probable as the campaign asks. A known-answer item is never certain: it is there to
    be answered."""
    threshold = campaign.stop_when_certain
    if threshold is None or item.known or item.counted < STOP_FROM or item.certainty is None:
        return False
    return item.certainty >= threshold
