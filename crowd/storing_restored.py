"""Stores reviews that were read back, those of many items by a few statements. What counts is decided as in
`submitting`: by the slots, under the same locks in the same order."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from tasks.sql import update_rows

from . import certainty, counts, slots
from .answers import Answers
from .completion import complete_if_done
from .identities import locked_participations
from .models import LIVE, Campaign, Item, Reviewer, Slot, Source, Status, Submission
from .submitting import free_among, unfilled_slots


@dataclass(frozen=True)
class Restored:
    """A review of an item of the campaign. `listed`: its status where it comes from."""

    item_id: int
    reviewer_id: str
    ms: int
    answers: Answers
    listed: Status


def rounds(reviews: Iterable[Restored]) -> list[list[Restored]]:
    """At most one review of an item in each: what becomes of the next depends on it."""
    found: list[list[Restored]] = []
    seen: dict[int, int] = defaultdict(int)
    for review in reviews:
        if seen[review.item_id] == len(found):
            found.append([])
        found[seen[review.item_id]].append(review)
        seen[review.item_id] += 1
    return found


def store_round(
    campaign: Campaign, reviews: list[Restored], *, pushed_at: datetime | None = None
) -> list[Status | None]:
    """The status that each of them got, None for what was here already. One transaction."""
    reviewers = _reviewers(sorted({review.reviewer_id for review in reviews}))
    with transaction.atomic():
        return _Round(campaign.pk, reviews, reviewers).store(pushed_at)


def _reviewers(public_ids: list[str]) -> dict[str, int]:
    named = Reviewer.objects.filter(public_id__in=public_ids)
    here = set(named.values_list("public_id", flat=True))
    new = [Reviewer(public_id=one) for one in public_ids if one not in here]
    Reviewer.objects.bulk_create(new, ignore_conflicts=True)
    return dict(named.values_list("public_id", "pk"))


class _Round:
    """What is decided by is locked first: participations, then items, then slots."""

    def __init__(self, campaign_id: int, reviews: list[Restored], reviewers: dict[str, int]) -> None:
        self.reviews, self.reviewers = reviews, reviewers
        self.participations = locked_participations(campaign_id, reviewers.values())
        ids = [review.item_id for review in reviews]
        self.items = {item.pk: item for item in Item.objects.filter(pk__in=ids).locked()}
        # As it is now: what it wants may have changed while we waited.
        self.campaign = Campaign.objects.select_related("project").get(pk=campaign_id)
        sent = Submission.objects.filter(item__in=ids, reviewer__in=reviewers.values())
        self.before: dict[tuple[int, int], list[Submission]] = defaultdict(list)
        for one in sent.only("item_id", "reviewer_id", "status", "ms"):
            self.before[one.item_id, one.reviewer_id].append(one)
        self.unfilled: dict[int, list[Slot]] = defaultdict(list)
        for slot in unfilled_slots(ids).locked():
            self.unfilled[slot.item_id].append(slot)
        counted = [one.pk for here in self.before.values() for one in here if one.status == Status.COUNTED]
        filled = Slot.objects.filter(submission__in=counted).locked()
        self.filled = {slot.submission_id: slot for slot in filled}
        self.superseded: list[int] = []
        self.created: list[Submission] = []
        self.used: list[tuple[Slot, Submission]] = []

    def store(self, pushed_at: datetime | None) -> list[Status | None]:
        statuses = [self._decide(review, pushed_at) for review in self.reviews]
        Submission.objects.filter(pk__in=self.superseded).update(status=Status.SUPERSEDED)
        Submission.objects.bulk_create(self.created)
        replaced = [slot.item_id for slot, _ in self.used if slot.submission_id is not None]
        for slot, submission in self.used:
            slot.reviewer_id, slot.submission_id = submission.reviewer_id, submission.pk
            slot.leased_until = None
        update_rows([slot for slot, _ in self.used], ["reviewer", "submission", "leased_until"])
        self._count(set(replaced))
        return statuses

    def _decide(self, review: Restored, pushed_at: datetime | None) -> Status | None:
        reviewer_id, status = self.reviewers[review.reviewer_id], review.listed
        before = self.before[review.item_id, reviewer_id]
        if any(one.ms == review.ms for one in before):
            return None
        earlier = next((one for one in before if one.status in LIVE), None)
        if status in LIVE and self.participations[reviewer_id].blocked_at:
            status = Status.WITHDRAWN
        elif status in LIVE and earlier and (status == Status.SURPLUS or earlier.ms > review.ms):
            status = Status.SUPERSEDED
        slot = None
        if status == Status.COUNTED:
            if earlier:
                self.superseded.append(earlier.pk)
                slot = self.filled.get(earlier.pk)
            slot = slot or free_among(self.unfilled[review.item_id], reviewer_id)
            status = Status.COUNTED if slot else Status.SURPLUS
        submission = Submission(
            campaign=self.campaign,
            item_id=review.item_id,
            reviewer_id=reviewer_id,
            status=status,
            answers=review.answers.by_question,
            comment=review.answers.comment,
            ms=review.ms,
            source=Source.RESTORED,
            pushed_at=pushed_at,
        )
        self.created.append(submission)
        if slot:
            self.used.append((slot, submission))
        return status

    def _count(self, replaced: set[int]) -> None:
        """As `submitting.count_review` does for one. `replaced`: the items where a review took the place of
        an earlier one of the same person."""
        items = [self.items[slot.item_id] for slot, _ in self.used]
        more = [
            (item, review)
            for item, (_, review) in zip(items, self.used, strict=True)
            if item.pk not in replaced
        ]
        for item, _ in more:
            item.counted += 1
        certainty.remeasure(self.campaign, items)
        was_done = {item.pk for item, _ in more if item.is_done}
        new_people = 0
        for item, review in more:
            item.open_slots = certainty.open_slots_wanted(self.campaign, item)
            participation = self.participations[review.reviewer_id]
            new_people += participation.counted == 0
            participation.counted += 1
        update_rows(items, ["counted", "open_slots", "stopped_at", *certainty.MEASURED])
        people = {review.reviewer_id for _, review in more}
        update_rows([self.participations[pk] for pk in people], ["counted"])
        Slot.objects.filter(item__in=[item for item, _ in more if item.stopped_at]).unfilled().delete()
        uncertain = [
            item.pk
            for item in items
            if item.pk in replaced and item.stopped_at and not certainty.is_certain(self.campaign, item)
        ]
        if uncertain:
            transaction.on_commit(partial(slots.resettle, self.campaign.pk, uncertain), robust=True)
        done = sum(item.is_done and item.pk not in was_done for item, _ in more)
        if done:
            transaction.on_commit(partial(complete_if_done, self.campaign), robust=True)
        if more:
            counts.add(self.campaign.pk, reviews=len(more), reviewers=new_people, done=done)
