"""Hands out items: one slot of one item at a time to each person, never more slots than wanted reviews."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min, Q
from django.db.models.functions import Now
from django.utils import timezone

from tasks.errors import Refused

from .identities import locked_participation
from .models import LIVE, Campaign, CampaignState, Item, Reviewer, Skip, SkipReason, Slot, Submission

ALL_DONE = "all_done"
ALL_YOU_CAN = "all_you_can"
OTHERS_HOLD = "others_hold"
CAP_REACHED = "cap_reached"
PAUSED = "paused"
CLOSED = "closed"
BLOCKED = "blocked"
MAX_LEASES = 4

# The first slot that is open or whose lease has run out, of an item this person has not touched. Slots with
# the lowest number first, so that items with the fewest reviews come first; at random among those. Slots that
# others are claiming now are passed over instead of waited for.
CLAIM = """
    UPDATE crowd_slot SET reviewer_id = %(reviewer)s, claimed_at = now(),
        leased_until = now() + make_interval(secs => %(lease)s)
    WHERE id = (
        SELECT s.id FROM crowd_slot s
        WHERE s.campaign_id = %(campaign)s AND s.submission_id IS NULL
            AND (s.leased_until IS NULL OR s.leased_until < now())
            AND NOT EXISTS (SELECT FROM crowd_slot mine
                            WHERE mine.item_id = s.item_id AND mine.reviewer_id = %(reviewer)s)
            AND NOT EXISTS (SELECT FROM crowd_submission sent
                            WHERE sent.item_id = s.item_id AND sent.reviewer_id = %(reviewer)s)
            AND NOT EXISTS (SELECT FROM crowd_skip passed
                            WHERE passed.item_id = s.item_id AND passed.reviewer_id = %(reviewer)s)
        ORDER BY s.n, s.shuffle LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    )
    RETURNING id
"""


@dataclass(frozen=True)
class Nothing:
    """Why there is no item: one of the reasons above; `until`: when another one may become free."""

    reason: str
    until: datetime | None = None


def claim(campaign: Campaign, reviewer: Reviewer, *, lease_seconds: int | None = None) -> Slot | Nothing:
    """The slot this person has in hand, its lease renewed, or a new one. `lease_seconds`: for this one, if it
    is less than the campaign's."""
    with transaction.atomic():
        participation = locked_participation(campaign.pk, reviewer)
        # As it is now: somebody may have paused it while we waited.
        campaign = Campaign.objects.get(pk=campaign.pk)
        if participation.blocked_at:
            return Nothing(BLOCKED)
        if held := _held(campaign, reviewer):
            return held
        if campaign.state != CampaignState.RUNNING:
            return Nothing(PAUSED if campaign.state == CampaignState.PAUSED else CLOSED)
        if campaign.per_person and participation.counted >= campaign.per_person:
            return Nothing(CAP_REACHED)
        return _claim_new(campaign, reviewer, lease_seconds) or _why_nothing(campaign, reviewer)


def _held(campaign: Campaign, reviewer: Reviewer) -> Slot | None:
    """A lease that has run out, but was not taken over, is still theirs."""
    held = Slot.objects.filter(campaign=campaign, reviewer=reviewer, submission=None)
    lease = {"secs": campaign.lease_seconds}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE crowd_slot SET leased_until = now() + make_interval(secs => %(secs)s)"
            " WHERE campaign_id = %(campaign)s AND reviewer_id = %(reviewer)s AND submission_id IS NULL",
            lease | {"campaign": campaign.pk, "reviewer": reviewer.pk},
        )
        if not cursor.rowcount:
            return None
    return held.select_related("item", "campaign").first()


def _claim_new(campaign: Campaign, reviewer: Reviewer, lease_seconds: int | None) -> Slot | None:
    lease = min(campaign.lease_seconds, lease_seconds or campaign.lease_seconds)
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"campaign": campaign.pk, "reviewer": reviewer.pk, "lease": lease})
        found = cursor.fetchone()
    return Slot.objects.select_related("item", "campaign").get(pk=found[0]) if found else None


def _why_nothing(campaign: Campaign, reviewer: Reviewer) -> Nothing:
    unfinished = Slot.objects.filter(campaign=campaign, submission=None)
    if not unfinished.exists():
        return Nothing(ALL_DONE)
    theirs = (
        Q(item__slots__reviewer=reviewer)
        | Q(item__skips__reviewer=reviewer)
        | Q(item__submissions__reviewer=reviewer)
    )
    until = unfinished.exclude(theirs).aggregate(first=Min("leased_until"))["first"]
    return Nothing(OTHERS_HOLD, until) if until else Nothing(ALL_YOU_CAN)


def keep(campaign: Campaign, reviewer: Reviewer, anno_id: str) -> bool:
    """Renew the lease of the item in hand, for somebody who is at work on it: for MAX_LEASES lease times.
    False if it is not, or no longer, theirs."""
    lease = timedelta(seconds=campaign.lease_seconds)
    held = Slot.objects.filter(item=find_item(campaign, anno_id), reviewer=reviewer, submission=None)
    return bool(held.filter(claimed_at__gt=Now() - MAX_LEASES * lease).update(leased_until=Now() + lease))


def skip(campaign: Campaign, reviewer: Reviewer, anno_id: str, reason: str) -> None:
    """Pass an item on: its slot is free again, and it is not offered to this person any more."""
    if reason not in SkipReason.values:
        raise Refused("invalid_reason", "Please choose one of the reasons. 请选择一个原因。", field="reason")
    with transaction.atomic():
        locked_participation(campaign.pk, reviewer)
        item = find_item(campaign, anno_id)
        if Submission.objects.filter(item=item, reviewer=reviewer, status__in=LIVE).exists():
            raise Refused("already_reviewed", "You have reviewed this item already. 您已评审过该项。")
        release(Slot.objects.filter(item=item, reviewer=reviewer))
        Skip.objects.bulk_create([Skip(item=item, reviewer=reviewer, reason=reason)], ignore_conflicts=True)


def release(slots) -> int:
    """Give back slots that are in hand."""
    return slots.filter(submission=None).update(reviewer=None, claimed_at=None, leased_until=None)


def find_item(campaign: Campaign, anno_id: str) -> Item:
    item = Item.objects.filter(campaign=campaign, anno_id=anno_id).first() if "\0" not in anno_id else None
    if item is None:
        raise Refused("unknown_anno_id", "There is no such item. 没有该条目。", field="anno_id")
    return item


def in_hand(campaign: Campaign) -> int:
    return Slot.objects.filter(campaign=campaign, submission=None, leased_until__gt=Now()).count()


def minutes_until(moment: datetime) -> int:
    return max(1, -(-int((moment - timezone.now()).total_seconds()) // 60))
