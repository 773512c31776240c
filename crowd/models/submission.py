from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from .campaign import Campaign
from .item import Item
from .reviewer import Reviewer


class Status(models.TextChoices):
    COUNTED = "counted", "Counted"
    # All wanted reviews were there or in other hands: kept and exported, not counted.
    SURPLUS = "surplus", "Surplus"
    # Replaced by a later one of the same person.
    SUPERSEDED = "superseded", "Superseded"
    # The reviewer was blocked.
    WITHDRAWN = "withdrawn", "Withdrawn"


LIVE = (Status.COUNTED, Status.SURPLUS)


class Source(models.TextChoices):
    WEB = "web", "Sent on the page"
    RESTORED = "restored", "Restored from a file"


class Submission(models.Model):
    """What one person said about one item. Never changed but for its status, never deleted."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="submissions")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="submissions")
    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="submissions")
    status = models.CharField(max_length=10, choices=Status)
    answers = models.JSONField(help_text='{"tg": {"score": 3, "ref_type": "image"}, …}')
    comment = models.TextField(blank=True)
    ms = models.BigIntegerField(help_text="When, in milliseconds since 1970: part of its file's name.")
    seconds = models.FloatField(null=True, help_text="From when the item was shown; empty if unknown.")
    source = models.CharField(max_length=8, choices=Source, default=Source.WEB)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    pushed_at = models.DateTimeField(null=True, help_text="When its file reached the dataset repository.")

    if TYPE_CHECKING:
        item_id: int
        reviewer_id: int
        campaign_id: int

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "reviewer"], name="submission_one_live", condition=Q(status__in=LIVE)
            ),
            models.UniqueConstraint(fields=["item", "reviewer", "ms"], name="submission_file_once"),
        ]
        indexes = [
            models.Index(fields=["campaign", "id"], name="submission_of_campaign"),
            models.Index(fields=["campaign", "id"], name="submission_to_push", condition=Q(pushed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer_id} on {self.item_id}: {self.status}"

    @property
    def ts(self) -> int:
        return self.ms // 1000

    @property
    def scores(self) -> dict[str, int]:
        return {key: answer["score"] for key, answer in self.answers.items()}

    def same_as(self, answers: dict[str, Any], comment: str) -> bool:
        return self.answers == answers and self.comment == comment
