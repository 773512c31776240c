"""Keeps as many open slots on each item as it still wants reviews, whatever changed: the target of the
campaign, a withdrawn review, an early stop."""

from collections import defaultdict
from collections.abc import Collection
from functools import partial
from random import random

from django.db import transaction
from django.db.models import F

from tasks.sql import copy_rows, next_ids, update_rows

from . import certainty, counts, events
from .completion import complete_if_done
from .models import Campaign, Item, Slot


def add(campaign_id: int, wanted: list[tuple[int, int]]) -> None:
    """Open slots, as (item id, number). With the campaign locked: searches that have ended begin again."""
    if not wanted:
        return
    ids = next_ids(Slot, len(wanted))
    copy_rows(
        [
            Slot(id=pk, campaign_id=campaign_id, item_id=item, n=n, shuffle=random())
            for pk, (item, n) in zip(ids, wanted, strict=True)
        ]
    )
    Campaign.objects.filter(pk=campaign_id).update(slots_edition=F("slots_edition") + 1)


def settle(campaign: Campaign, item_ids: Collection[int]) -> None:
    """Add or remove open slots of these items until counted and open ones make up what is wanted. What people
    have in hand goes last; if they submit it nevertheless, it is kept as surplus.

    In a transaction in which the campaign has been locked, since when its target is as it is here.
    """
    items = list(Item.objects.filter(pk__in=item_ids).locked())
    open_slots = defaultdict(list)
    for slot in Slot.objects.filter(item__in=item_ids).unfilled().locked():
        open_slots[slot.item_id].append(slot)
    filled = defaultdict(list)
    submitted = Slot.objects.filter(item__in=item_ids).exclude(submission=None)
    for item_id, n in submitted.values_list("item_id", "n"):
        filled[item_id].append(n)
    was_done = {item.pk for item in items if item.is_done}
    certainty.remeasure(campaign, items)
    surplus, missing = [], []
    for item in items:
        item.counted = len(filled[item.pk])
        item.open_slots = certainty.open_slots_wanted(campaign, item)
        here = sorted(open_slots[item.pk], key=lambda slot: (slot.reviewer_id is None, slot.n))
        surplus += here[item.open_slots :]
        taken = {*filled[item.pk], *(slot.n for slot in here)}
        free = (n for n in range(1, 2 * campaign.target + len(taken) + 1) if n not in taken)
        missing += [(item.pk, next(free)) for _ in range(item.open_slots - len(here))]
    Slot.objects.filter(pk__in=[slot.pk for slot in surplus]).delete()
    add(campaign.pk, missing)
    update_rows(items, ["counted", "open_slots", "stopped_at", *certainty.MEASURED])
    events.targets_met([item for item in items if item.is_done and item.pk not in was_done], campaign)
    if done := sum(item.is_done for item in items) - len(was_done):
        counts.add(campaign.pk, done=done)
    if any(item.pk in was_done and not item.is_done for item in items):
        Campaign.objects.filter(pk=campaign.pk).update(completed_at=None)
    transaction.on_commit(partial(complete_if_done, campaign), robust=True)


def resettle(campaign_id: int, item_ids: Collection[int]) -> None:
    """The same in a transaction of its own, in the order of locks: the campaign, then its items."""
    with transaction.atomic():
        settle(Campaign.objects.locked().get(pk=campaign_id), item_ids)


def drop_open(item: Item) -> None:
    """Take back the open slots of a locked item that is certain enough. What is sent for them nevertheless is
    kept as surplus."""
    Slot.objects.filter(item=item).unfilled().delete()
