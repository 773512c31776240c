"""Stores what a reviewer sent. Nothing a person wrote is dropped; what counts is decided by the slots."""

import time
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now
from django.utils import timezone

from tasks.errors import Refused

from . import certainty, counts, events, slots
from .answers import Answers
from .claims import find_item
from .completion import complete_if_done
from .identities import locked_participation
from .models import (
    LIVE,
    Campaign,
    CampaignState,
    Item,
    Participation,
    Reviewer,
    Slot,
    Source,
    Status,
    Submission,
)


class Differs(Refused):
    """The person has sent other answers for this item before; `replace` would put these in their place."""

    def __init__(self, earlier: Submission) -> None:
        super().__init__(
            "already_reviewed_differently",
            "You have already sent other answers for this item, perhaps in another tab. "
            "您已提交过该项的不同答案（可能在另一个标签页中）。",
            status=409,
        )
        self.earlier = earlier


@dataclass(frozen=True)
class Outcome:
    """`is_repeat`: the same had been sent before; nothing was written."""

    submission: Submission
    is_repeat: bool = False


def submit(
    campaign: Campaign, reviewer: Reviewer, anno_id: str, answers: Answers, *, replace: bool = False
) -> Outcome:
    """Store a review. It counts if its item still wants one and nobody else holds the place; otherwise it is
    kept as surplus. Raises Refused: unknown item, closed campaign, blocked person; Differs.
    """
    with transaction.atomic():
        participation = locked_participation(campaign.pk, reviewer)
        item = locked_item(find_item(campaign, anno_id))
        # As it is now: what it wants may have changed while we waited.
        campaign = Campaign.objects.select_related("project").get(pk=campaign.pk)
        _refuse_closed(campaign, participation)
        earlier = Submission.objects.filter(item=item, reviewer=reviewer, status__in=LIVE).first()
        if earlier and earlier.same_as(answers.by_question, answers.comment):
            return Outcome(earlier, is_repeat=True)
        if earlier and not replace:
            raise Differs(earlier)
        slot = (supersede(earlier) if earlier else None) or free_slot(item, reviewer)
        submission = store(campaign, item, participation, answers, slot=slot, ms=_next_ms(item, reviewer))
        submission.reviewer = reviewer
        events.review_created(submission, item, campaign)
        if slot:
            count_review(campaign, item, participation, slot)
    return Outcome(submission)


def _refuse_closed(campaign: Campaign, participation: Participation) -> None:
    if participation.blocked_at:
        raise Refused(
            "blocked",
            "Your reviews are not accepted in this campaign. 您的评审在此活动中不被接受。",
            status=403,
        )
    if campaign.state == CampaignState.CLOSED:
        raise Refused("campaign_closed", "This campaign has ended. 此活动已结束。", status=403)


def free_slot(item: Item, reviewer: Reviewer) -> Slot | None:
    """The slot this review fills: the person's own, else one that nobody holds. Locked."""
    is_theirs = Q(reviewer=reviewer)
    is_free = Q(leased_until=None) | Q(leased_until__lt=Now())
    places = Slot.objects.filter(is_theirs | is_free, item=item, submission=None).select_for_update(
        no_key=True
    )
    return places.order_by(Case(When(is_theirs, then=0), default=1), "n").first()


def supersede(earlier: Submission) -> Slot | None:
    """Returns the slot that the earlier submission filled, if it counted."""
    slot = Slot.objects.select_for_update(no_key=True).filter(submission=earlier).first()
    Submission.objects.filter(pk=earlier.pk).update(status=Status.SUPERSEDED)
    return slot


def _next_ms(item: Item, reviewer: Reviewer) -> int:
    """Now, but later than anything this person has sent for the item: the file names must differ."""
    now = time.time_ns() // 1_000_000
    last = (
        Submission.objects.filter(item=item, reviewer=reviewer).order_by("-ms").values_list("ms", flat=True)
    )
    return max(now, (last.first() or 0) + 1)


def store(
    campaign: Campaign,
    item: Item,
    participation: Participation,
    answers: Answers,
    *,
    slot: Slot | None,
    ms: int,
    source: Source = Source.WEB,
) -> Submission:
    claimed = slot.claimed_at if slot and slot.reviewer_id == participation.reviewer_id else None
    submission = Submission.objects.create(
        campaign=campaign,
        item=item,
        reviewer_id=participation.reviewer_id,
        status=Status.COUNTED if slot else Status.SURPLUS,
        answers=answers.by_question,
        comment=answers.comment,
        ms=ms,
        seconds=(timezone.now() - claimed).total_seconds() if claimed and source == Source.WEB else None,
        source=source,
    )
    if slot:
        Slot.objects.filter(pk=slot.pk).update(
            reviewer_id=participation.reviewer_id, submission=submission, leased_until=None
        )
    return submission


def locked_item(item: Item) -> Item:
    """Before its slots: a review that makes it certain takes its other slots back."""
    return Item.objects.select_for_update(no_key=True).get(pk=item.pk)


def count_review(campaign: Campaign, item: Item, participation: Participation, slot: Slot) -> None:
    """The review that now fills `slot` counts: in place of an earlier one of the same person, or one more.
    `item` is locked."""
    if slot.submission_id is not None:
        certainty.remeasure(campaign, [item])
        item.save(update_fields=certainty.MEASURED)
        if item.stopped_at and not certainty.is_certain(campaign, item):
            transaction.on_commit(partial(slots.resettle, campaign.pk, [item.pk]))
        return
    was_done = item.is_done
    item.counted += 1
    certainty.remeasure(campaign, [item])
    item.open_slots = certainty.open_slots_wanted(campaign, item)
    item.save(update_fields=["counted", "open_slots", "stopped_at", *certainty.MEASURED])
    Participation.objects.filter(pk=participation.pk).update(counted=F("counted") + 1)
    is_done = item.is_done and not was_done
    if item.stopped_at:
        slots.drop_open(item)
    if is_done:
        events.target_met(item, campaign)
        transaction.on_commit(partial(complete_if_done, campaign.pk))
    counts.add(campaign.pk, reviews=1, reviewers=int(participation.counted == 0), done=int(is_done))
