from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .campaign import Campaign


class Reviewer(models.Model):
    """An anonymous person: whoever holds the cookie with the secret behind `secret_hash`.

    `public_id` is another random value, because it is published with the reviews.
    """

    public_id = models.CharField(max_length=64, unique=True)
    # Empty for reviewers of restored reviews: nobody can sign in as them.
    secret_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["secret_hash"], name="reviewer_secret_once", condition=~Q(secret_hash="")
            )
        ]

    def __str__(self) -> str:
        return self.public_id


class Participation(models.Model):
    """A reviewer in one campaign. Its row is locked while they claim or submit: two tabs take turns."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="participations")
    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="participations")
    counted = models.PositiveIntegerField(default=0, help_text="Their reviews that count.")
    link_key = models.CharField(max_length=32, blank=True, help_text="The key they came with.")
    # None of the slots before this place that were never handed out is for them (in this edition): so that
    # somebody who has reviewed much is not searched for from the beginning each time.
    searched_edition = models.PositiveIntegerField(default=0, editable=False)
    searched_n = models.PositiveSmallIntegerField(default=0, editable=False)
    searched_shuffle = models.FloatField(default=0, editable=False)
    blocked_at = models.DateTimeField(null=True)
    blocked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    if TYPE_CHECKING:
        campaign_id: int
        reviewer_id: int

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "reviewer"], name="participation_once")]

    def __str__(self) -> str:
        return f"{self.reviewer_id} in {self.campaign_id}"
