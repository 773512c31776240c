"""Stores what a reviewer sent. Nothing a person wrote is dropped; what counts is decided by the slots."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q
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
    SlotQuerySet,
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
        item = find_item(campaign, anno_id, among=Item.objects.locked())
        # As it is now: what it wants may have changed while we waited.
        campaign = Campaign.objects.select_related("project").get(pk=campaign.pk)
        before = list(Submission.objects.filter(item=item, reviewer=reviewer).order_by("ms"))
        earlier = next((one for one in before if one.status in LIVE), None)
        if earlier and earlier.same_as(answers.by_question, answers.comment):
            return Outcome(earlier, is_repeat=True)
        _refuse_closed(campaign, participation)
        if earlier and not replace:
            raise Differs(earlier)
        slot = supersede(earlier) if earlier else None
        if slot is None and not _is_at_cap(campaign, participation):
            slot = free_slot(item, reviewer)
        submission = store(campaign, item, participation, answers, slot=slot, ms=_next_ms(before))
        submission.reviewer = reviewer
        is_target_met = slot is not None and count_review(campaign, item, participation, slot)
        events.submitted(submission, item, campaign, is_target_met=is_target_met)
    return Outcome(submission)


def _is_at_cap(campaign: Campaign, participation: Participation) -> bool:
    """Whoever has done as many as one person may gets no more items; what they had open in another tab is
    kept, but does not count."""
    return campaign.per_person is not None and participation.counted >= campaign.per_person


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
    """The slot this review fills: the person's own, else one that nobody holds.

    All slots of the item that have no review are locked, in order: a claim of one of them, or the release of
    all, is waited for. The item is locked before.
    """
    return free_among(list(unfilled_slots([item.pk]).locked()), reviewer.pk)


def unfilled_slots(item_ids: Collection[int]) -> SlotQuerySet:
    """Each with `is_free`: nobody has it in hand."""
    is_free = Q(leased_until=None) | Q(leased_until__lt=Now())
    unfilled = Slot.objects.filter(item__in=item_ids).unfilled()
    return unfilled.annotate(is_free=ExpressionWrapper(is_free, output_field=BooleanField()))


def free_among(unfilled: Collection[Slot], reviewer_id: int) -> Slot | None:
    """Of the locked slots of one item."""
    found = sorted(unfilled, key=lambda slot: slot.n)
    own = (slot for slot in found if slot.reviewer_id == reviewer_id)
    return next(own, None) or next((slot for slot in found if slot.is_free), None)  # type: ignore[attr-defined]


def supersede(earlier: Submission) -> Slot | None:
    """Returns the slot that the earlier submission filled, if it counted."""
    slot = Slot.objects.filter(submission=earlier).locked().first()
    Submission.objects.filter(pk=earlier.pk).update(status=Status.SUPERSEDED)
    return slot


def _next_ms(before: list[Submission]) -> int:
    """Now, but later than anything this person has sent for the item: the file names must differ."""
    now = time.time_ns() // 1_000_000
    return max(now, before[-1].ms + 1) if before else now


def store(
    campaign: Campaign,
    item: Item,
    participation: Participation,
    answers: Answers,
    *,
    slot: Slot | None,
    ms: int,
) -> Submission:
    """It counts if it fills a slot, else it is surplus."""
    claimed = slot.claimed_at if slot and slot.reviewer_id == participation.reviewer_id else None
    submission = Submission.objects.create(
        campaign=campaign,
        item=item,
        reviewer_id=participation.reviewer_id,
        status=Status.COUNTED if slot else Status.SURPLUS,
        answers=answers.by_question,
        comment=answers.comment,
        ms=ms,
        seconds=(timezone.now() - claimed).total_seconds() if claimed else None,
    )
    if slot:
        Slot.objects.filter(pk=slot.pk).update(
            reviewer_id=participation.reviewer_id, submission=submission, leased_until=None
        )
    return submission


def count_review(campaign: Campaign, item: Item, participation: Participation, slot: Slot) -> bool:
    """The review that now fills `slot` counts: in place of an earlier one of the same person, or one more.
    Returns whether it was the last one the item wanted. Item and participation are locked."""
    if slot.submission_id is not None:
        certainty.remeasure(campaign, [item])
        item.save(update_fields=certainty.MEASURED)
        if item.stopped_at and not certainty.is_certain(campaign, item):
            transaction.on_commit(partial(slots.resettle, campaign.pk, [item.pk]), robust=True)
        return False
    was_done = item.is_done
    item.counted += 1
    certainty.remeasure(campaign, [item])
    item.open_slots = certainty.open_slots_wanted(campaign, item)
    item.save(update_fields=["counted", "open_slots", "stopped_at", *certainty.MEASURED])
    participation.counted += 1
    participation.save(update_fields=["counted"])
    is_done = item.is_done and not was_done
    if item.stopped_at:
        slots.drop_open(item)
    if is_done:
        transaction.on_commit(partial(complete_if_done, campaign), robust=True)
    counts.add(campaign.pk, reviews=1, reviewers=int(participation.counted == 1), done=int(is_done))
    return is_done
