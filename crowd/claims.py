"""Hands out items: one slot of one item at a time to each person, never more slots than wanted reviews."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from tasks.errors import Refused
from tasks.sql import run

from . import counts
from .identities import locked_participation
from .models import (
    LIVE,
    Campaign,
    CampaignState,
    Item,
    Participation,
    Reviewer,
    Skip,
    SkipReason,
    Slot,
    SlotQuerySet,
    Submission,
)

ALL_DONE = "all_done"
ALL_YOU_CAN = "all_you_can"
OTHERS_HOLD = "others_hold"
CAP_REACHED = "cap_reached"
PAUSED = "paused"
CLOSED = "closed"
BLOCKED = "blocked"
# Why nothing is handed out at all, by the campaign's state.
HALTED: dict[str, str] = {CampaignState.PAUSED: PAUSED, CampaignState.CLOSED: CLOSED}
MAX_LEASES = 4

TRIES = 3
# Of the slots whose lease has run out, so many are looked at, those that ran out first.
LAPSED_AT_MOST = 200

# Whoever searches has nothing in hand: what they did is what they sent or skipped.
_UNTOUCHED = """
    NOT EXISTS (SELECT FROM crowd_submission sent
                WHERE sent.item_id = {slot}.item_id AND sent.reviewer_id = %(reviewer)s::bigint)
    AND NOT EXISTS (SELECT FROM crowd_skip passed
                    WHERE passed.item_id = {slot}.item_id AND passed.reviewer_id = %(reviewer)s::bigint)
"""
# The first slot nobody holds, of an item this person has not touched. Slots with the lowest number first, so
# that items with the fewest reviews come first; at random among those. Slots that others are claiming now are
# passed over instead of waited for.
#
# COALESCE keeps the planner from reading all that are lapsed, instead of the few by their ids.
# `place` is not locked, so it passes nothing that is only about to be taken, and only one slot is locked.
CLAIM = f"""
    WITH place AS MATERIALIZED (
        SELECT s.n, s.shuffle FROM crowd_slot s
        WHERE s.campaign_id = %(campaign)s::bigint AND s.submission_id IS NULL AND s.leased_until IS NULL
            AND (s.n, s.shuffle) >= (%(n)s::smallint, %(shuffle)s::float8)
            AND {_UNTOUCHED.format(slot="s")}
        ORDER BY s.n, s.shuffle LIMIT 1
    ), lapsed AS MATERIALIZED (
        SELECT s.id FROM crowd_slot s
        WHERE s.id = ANY(ARRAY(
                SELECT early.id FROM crowd_slot early
                WHERE early.campaign_id = %(campaign)s::bigint AND early.submission_id IS NULL
                    AND early.leased_until < statement_timestamp()
                    AND {_UNTOUCHED.format(slot="early")}
                ORDER BY early.leased_until LIMIT {LAPSED_AT_MOST}
            ))
            AND s.submission_id IS NULL AND COALESCE(s.leased_until, 'infinity') < statement_timestamp()
            AND (s.n, s.shuffle)
                < (COALESCE((SELECT n FROM place), 32767), COALESCE((SELECT shuffle FROM place), 0))
        ORDER BY s.n, s.shuffle LIMIT 1 FOR NO KEY UPDATE OF s SKIP LOCKED
    ), fresh AS MATERIALIZED (
        SELECT s.id FROM crowd_slot s
        WHERE NOT EXISTS (SELECT FROM lapsed)
            AND s.campaign_id = %(campaign)s::bigint AND s.submission_id IS NULL AND s.leased_until IS NULL
            AND (s.n, s.shuffle) >= ((SELECT n FROM place), (SELECT shuffle FROM place))
            AND {_UNTOUCHED.format(slot="s")}
        ORDER BY s.n, s.shuffle LIMIT 1 FOR NO KEY UPDATE OF s SKIP LOCKED
    ), claimed AS (
        UPDATE crowd_slot SET reviewer_id = %(reviewer)s::bigint, claimed_at = statement_timestamp(),
            leased_until = statement_timestamp() + make_interval(secs => %(lease)s)
        WHERE id = COALESCE((SELECT id FROM lapsed), (SELECT id FROM fresh))
        RETURNING id
    ), remembered AS (
        UPDATE crowd_participation SET searched_edition = %(edition)s,
            searched_n = COALESCE((SELECT n FROM place), 32767),
            searched_shuffle = COALESCE((SELECT shuffle FROM place), 0)
        WHERE id = %(participation)s
    )
    SELECT (SELECT id FROM claimed), EXISTS (SELECT FROM place)
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
        if reason := HALTED.get(campaign.state):
            return Nothing(reason)
        if campaign.per_person and participation.counted >= campaign.per_person:
            return Nothing(CAP_REACHED)
        return _claim_new(campaign, participation, lease_seconds or campaign.lease_seconds)


def _held(campaign: Campaign, reviewer: Reviewer) -> Slot | None:
    """A lease that has run out, but was not taken over, is still theirs."""
    held = Slot.objects.filter(campaign=campaign, holder=reviewer.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE crowd_slot SET leased_until = statement_timestamp() + make_interval(secs => %(secs)s)"
            " WHERE campaign_id = %(campaign)s AND holder = %(reviewer)s",
            {"secs": campaign.lease_seconds, "campaign": campaign.pk, "reviewer": reviewer.pk},
        )
        if not cursor.rowcount:
            return None
    return held.select_related("item", "campaign").first()


def parameters_of(campaign: Campaign, participation: Participation, lease_seconds: int) -> dict[str, Any]:
    """Of CLAIM."""
    is_current = participation.searched_edition == campaign.slots_edition
    return {
        "campaign": campaign.pk,
        "reviewer": participation.reviewer_id,
        "participation": participation.pk,
        "lease": min(campaign.lease_seconds, lease_seconds),
        "edition": campaign.slots_edition,
        "n": participation.searched_n if is_current else 0,
        "shuffle": participation.searched_shuffle if is_current else 0.0,
    }


def _claim_new(campaign: Campaign, participation: Participation, lease_seconds: int) -> Slot | Nothing:
    parameters = parameters_of(campaign, participation, lease_seconds)
    if _has_done_everything(campaign, participation):
        return _why_nothing(campaign, participation.reviewer_id, is_some_left=False)
    # Again if all that was left was just being taken by others: it may not have been all.
    for _try in range(TRIES):
        [(found, is_some_left)] = run(CLAIM, parameters)
        if found:
            return Slot.objects.select_related("item", "campaign").get(pk=found)
        nothing = _why_nothing(campaign, participation.reviewer_id, is_some_left=is_some_left)
        if nothing.until is None or nothing.until > timezone.now():
            break
    return nothing


def _has_done_everything(campaign: Campaign, participation: Participation) -> bool:
    """A search would look at every open slot and find none, unless it goes on where an earlier one ended."""
    has_searched = participation.searched_n > 0 and participation.searched_edition == campaign.slots_edition
    if has_searched or not participation.counted:
        return False
    return participation.counted >= counts.totals(campaign).items


def _why_nothing(campaign: Campaign, reviewer_id: int, *, is_some_left: bool) -> Nothing:
    # Not by a look at the items: among those of many campaigns, the planner would read them all.
    if counts.totals(campaign).is_all_done:
        return Nothing(ALL_DONE)
    if is_some_left:
        return Nothing(OTHERS_HOLD, timezone.now())
    sent = Submission.objects.filter(item=OuterRef("item"), reviewer=reviewer_id)
    passed = Skip.objects.filter(item=OuterRef("item"), reviewer=reviewer_id)
    held = Slot.objects.filter(campaign=campaign, leased_until__isnull=False).unfilled()
    first = held.filter(~Exists(sent), ~Exists(passed)).order_by("leased_until").first()
    return Nothing(OTHERS_HOLD, first.leased_until) if first else Nothing(ALL_YOU_CAN)


def keep(campaign: Campaign, reviewer: Reviewer, anno_id: str) -> bool:
    """Renew the lease of the item in hand, for somebody who is at work on it: for MAX_LEASES lease times.
    False if it is not, or no longer, theirs."""
    lease = timedelta(seconds=campaign.lease_seconds)
    held = Slot.objects.filter(item=find_item(campaign, anno_id), holder=reviewer.pk)
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


def release(slots: SlotQuerySet) -> int:
    """Give back those of the slots that are in hand. In a transaction."""
    ids = list(slots.held().locked().values_list("pk", flat=True))
    # Not as if it was never handed out: those are only looked for after the place where a search ended.
    return Slot.objects.filter(pk__in=ids).update(reviewer=None, claimed_at=None, leased_until=Now())


def find_item(campaign: Campaign, anno_id: str, *, among: QuerySet[Item] | None = None) -> Item:
    """`among`: locked rows, for whoever changes what counts on it; its slots are locked after that."""
    items = Item.objects.all() if among is None else among
    item = items.filter(campaign=campaign, anno_id=anno_id).first() if "\0" not in anno_id else None
    if item is None:
        raise Refused("unknown_anno_id", "There is no such item. 没有该条目。", field="anno_id")
    return item


def in_hand(campaign: Campaign) -> int:
    """How many have an item open, as far as we know: those whose lease has not run out."""
    return Slot.objects.filter(campaign=campaign, leased_until__gt=Now()).held().count()


def minutes_until(moment: datetime) -> int:
    return max(1, -(-int((moment - timezone.now()).total_seconds()) // 60))
