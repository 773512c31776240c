from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils import timezone

from tasks.models import Annotation

from .campaign import Campaign
from .reviewer import Reviewer


class ItemQuerySet(models.QuerySet["Item"]):
    def locked(self) -> Self:
        """In the order in which everybody locks them, who changes what counts on them. Slots are locked after
        their item; `claims` takes single slots without it, and waits for nobody while it has them."""
        return self.select_for_update(no_key=True).order_by("pk")


class Item(models.Model):
    """What is reviewed: one line of the file a campaign was made from."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="items")
    anno_id = models.CharField(max_length=128)
    position = models.PositiveBigIntegerField(help_text="Its place in the file.")
    line = models.JSONField(help_text="As it came, unknown keys too.")
    # The annotation it shows, if that is known: an outcome can be applied to it.
    annotation = models.ForeignKey(
        Annotation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    known = models.JSONField(
        null=True,
        blank=True,
        help_text='The right scores of a known-answer item: {"tg": 3, "sg": 3, "qa": 1}',
    )
    counted = models.PositiveSmallIntegerField(default=0, help_text="Reviews that count.")
    # Zero: done. Written with the slots, under the item's lock.
    open_slots = models.PositiveSmallIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True, help_text="Certain enough before all reviews were in.")
    # What its counted reviews say (`measured_items`): written with each of them, under the item's lock.
    outcome = models.CharField(max_length=9, blank=True, help_text="By the medians.")
    disagreement = models.FloatField(null=True, help_text="Of the question with the most, 0 to 1.")
    posterior = models.JSONField(null=True, help_text="Outcome → how probable, by reviewers' reliability.")
    certainty = models.FloatField(null=True, help_text="How probable `outcome` is at least, 0 to 1.")
    annotation_row = models.BigIntegerField(
        null=True, help_text="The newest history row of the annotation when the campaign got this item."
    )
    applied_at = models.DateTimeField(null=True)
    applied_review = models.BigIntegerField(null=True, help_text="The review that applying it has made.")

    if TYPE_CHECKING:
        campaign_id: int
        annotation_id: int | None

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ["campaign_id", "position"]
        constraints = [models.UniqueConstraint(fields=["campaign", "anno_id"], name="item_once")]
        indexes = [
            models.Index(fields=["campaign", "position"], name="item_in_order"),
            models.Index(fields=["campaign"], name="item_unfinished", condition=Q(open_slots__gt=0)),
            models.Index(
                fields=["annotation"], name="item_of_annotation", condition=Q(annotation__isnull=False)
            ),
            # The lists of the watch page: the most disputed, the least certain.
            models.Index(
                "campaign", F("disagreement").desc(nulls_last=True), "position", name="item_disputed"
            ),
            models.Index("campaign", F("certainty").asc(nulls_last=True), "position", name="item_uncertain"),
        ]

    def __str__(self) -> str:
        return self.anno_id

    @property
    def is_done(self) -> bool:
        return self.open_slots == 0

    @property
    def probable(self) -> str:
        """The most probable outcome by the estimate; it may differ from `outcome`."""
        return max(self.posterior, key=self.posterior.__getitem__) if self.posterior else ""


class SlotQuerySet(models.QuerySet["Slot"]):
    def unfilled(self) -> Self:
        return self.filter(submission=None)

    def held(self) -> Self:
        """In somebody's hands, until they submit it or somebody else takes it over after its lease."""
        return self.filter(holder__isnull=False)

    def locked(self) -> Self:
        return self.select_for_update(no_key=True).order_by("pk")


class Slot(models.Model):
    """One wanted review of an item: open, in somebody's hands until `leased_until`, or submitted."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="slots")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="slots")
    n = models.PositiveSmallIntegerField()
    shuffle = models.FloatField(help_text="Random: the order among slots with the same n.")
    reviewer = models.ForeignKey(
        Reviewer, on_delete=models.PROTECT, null=True, related_name="slots", db_index=False
    )
    claimed_at = models.DateTimeField(null=True)
    # Empty until it is first handed out. Of one that was given back: when that was.
    leased_until = models.DateTimeField(null=True)
    # Not PROTECT: with their campaign, both are deleted.
    submission = models.OneToOneField(
        "crowd.Submission", on_delete=models.RESTRICT, null=True, related_name="slot"
    )
    # A column of its own: by `reviewer`, the planner would look for what somebody has in hand among all that
    # they did.
    holder = models.GeneratedField(
        expression=Case(When(submission=None, then="reviewer")),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        help_text="The reviewer who has it in hand.",
    )

    if TYPE_CHECKING:
        item_id: int
        reviewer_id: int | None
        submission_id: int | None

    objects = SlotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "n"], name="slot_numbered_once"),
            models.UniqueConstraint(fields=["item", "reviewer"], name="slot_one_per_person"),
            # A person has one item at a time, in however many tabs.
            models.UniqueConstraint(
                fields=["campaign", "holder"],
                name="slot_one_lease",
                condition=Q(holder__isnull=False),
            ),
            models.CheckConstraint(
                name="slot_leased_or_not",
                condition=Q(reviewer=None, claimed_at=None, submission=None)
                | Q(reviewer__isnull=False, leased_until__isnull=False, submission=None)
                | Q(reviewer__isnull=False, submission__isnull=False),
            ),
        ]
        indexes = [
            # What `claims` reads. Never handed out: the fewest reviews first, in a random order.
            models.Index(
                fields=["campaign", "n", "shuffle"],
                name="slot_fresh",
                condition=Q(submission=None, leased_until=None),
            ),
            # In hand, and claimable when `leased_until` has passed.
            models.Index(
                fields=["campaign", "leased_until"],
                name="slot_leased",
                condition=Q(submission=None, leased_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id}, review {self.n}"


class SkipReason(models.TextChoices):
    DEAD_MEDIA = "dead_media", "The video or an image does not load"
    UNCLEAR = "unclear", "I cannot tell"
    UNCOMFORTABLE = "uncomfortable", "I do not want to look at this"
    OTHER = "other", "Something else"


class Skip(models.Model):
    """Somebody passed this item on; it is not offered to them again."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="skips")
    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="skips")
    reason = models.CharField(max_length=13, choices=SkipReason)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "reviewer"], name="skip_once")]

    def __str__(self) -> str:
        return f"{self.item_id} skipped: {self.reason}"
