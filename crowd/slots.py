"""Keeps as many open slots on each item as it still wants reviews, whatever changed: the target of the
campaign, a withdrawn review, an early stop."""

from collections import defaultdict
from collections.abc import Collection
from functools import partial
from random import random

from django.db import transaction

from tasks.sql import copy_rows, next_ids, update_rows

from . import counts
from .completion import complete_if_done
from .models import Campaign, Item, Slot


def add(campaign_id: int, wanted: list[tuple[int, int]]) -> None:
    """Open slots, as (item id, number)."""
    ids = next_ids(Slot, len(wanted))
    copy_rows(
        [
            Slot(id=pk, campaign_id=campaign_id, item_id=item, n=n, shuffle=random())
            for pk, (item, n) in zip(ids, wanted, strict=True)
        ]
    )


def settle(campaign: Campaign, item_ids: Collection[int]) -> None:
    """Add or remove open slots of these items until counted and open ones make up the target. What people
    have in hand goes last; if they submit it nevertheless, it is kept as surplus. In a transaction."""
    # A submission locks its slot, then its item: the same order.
    open_slots = defaultdict(list)
    unsubmitted = Slot.objects.filter(item__in=item_ids, submission=None).order_by("id")
    for slot in unsubmitted.select_for_update(no_key=True):
        open_slots[slot.item_id].append(slot)
    items = list(Item.objects.filter(pk__in=item_ids).select_for_update(no_key=True).order_by("id"))
    filled = defaultdict(list)
    submitted = Slot.objects.filter(item__in=item_ids).exclude(submission=None)
    for item_id, n in submitted.values_list("item_id", "n"):
        filled[item_id].append(n)
    was_done = sum(item.is_done for item in items)
    surplus, missing = [], []
    for item in items:
        item.counted = len(filled[item.pk])
        item.open_slots = 0 if item.stopped_at else max(0, campaign.target - item.counted)
        here = sorted(open_slots[item.pk], key=lambda slot: (slot.reviewer_id is None, slot.n))
        surplus += here[item.open_slots :]
        taken = {*filled[item.pk], *(slot.n for slot in here)}
        free = (n for n in range(1, 2 * campaign.target + len(taken) + 1) if n not in taken)
        missing += [(item.pk, next(free)) for _ in range(item.open_slots - len(here))]
    Slot.objects.filter(pk__in=[slot.pk for slot in surplus]).delete()
    add(campaign.pk, missing)
    update_rows(items, ["counted", "open_slots"])
    if done := sum(item.is_done for item in items) - was_done:
        counts.add(campaign.pk, done=done)
    transaction.on_commit(partial(complete_if_done, campaign.pk))
