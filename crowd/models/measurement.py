from typing import TYPE_CHECKING

from django.db import models

from .campaign import Campaign
from .reviewer import Participation


class Measurement(models.Model):
    """How far the reviews of a campaign agree, and how common the scores of each question are: as of
    `measured_at`. A job refreshes it."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="measurement")
    measured_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0, help_text="How long it took.")
    # What was measured: others say that there is something new.
    reviews = models.PositiveIntegerField(default=0)
    last_submission = models.BigIntegerField(default=0)
    agreement = models.JSONField(default=dict, help_text="Question → share of pairs, 0 to 1, or null.")
    alpha = models.JSONField(default=dict, help_text="Question → Krippendorff's alpha, or null.")
    priors = models.JSONField(default=dict, help_text="Question → how common each score is.")
    started_at = models.DateTimeField(null=True, help_text="A worker is at it.")

    def __str__(self) -> str:
        return f"Measurement of {self.campaign_id}"


class ReviewerMeasure(models.Model):
    """A reviewer's record in one campaign, as of the campaign's `Measurement`. A row of its own, because the
    participation is locked while its reviewer works."""

    participation = models.OneToOneField(Participation, on_delete=models.CASCADE, related_name="measure")
    reviews = models.PositiveIntegerField()
    median_seconds = models.FloatField(null=True)
    agreement = models.FloatField(null=True)
    compared = models.PositiveIntegerField(help_text="Scores that others gave, too.")
    accuracy = models.FloatField(null=True)
    known_right = models.PositiveIntegerField()
    known_asked = models.PositiveIntegerField()
    speeds = models.BooleanField()
    straight_lines = models.BooleanField()
    rates = models.JSONField(help_text="Error rates: rows by true score, columns by the score they give.")

    if TYPE_CHECKING:
        participation_id: int

    def __str__(self) -> str:
        return f"Record of {self.participation_id}"
