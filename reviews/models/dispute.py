"""Contested rejections."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Annotation, Project
from tasks.triggers import append_only

from .review import Review

PERSON = settings.AUTH_USER_MODEL


class Dispute(models.Model):
    """A rejection that its annotator contests, once; another reviewer decides.

    Append-only, except that the decision is added, once.
    """

    class Outcome(models.TextChoices):
        UPHELD = "upheld", "The rejection was right"
        OVERTURNED = "overturned", "The work was right"
        WITHDRAWN = "withdrawn", "The rejection stopped standing before it was decided"

    # One to one: a rejection can be contested only once.
    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="dispute")
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="disputes")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="disputes")
    contested_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    contested_at = models.DateTimeField(default=timezone.now, editable=False)
    reason = models.TextField()
    outcome = models.CharField(max_length=16, choices=Outcome, null=True)
    decided_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    deciding_review = models.ForeignKey(Review, on_delete=models.PROTECT, null=True, related_name="+")

    triggers = (append_only("outcome", "decided_by", "decided_at", "deciding_review"),)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome=None, decided_at=None)
                | Q(outcome__isnull=False, decided_at__isnull=False),
                name="dispute_decided_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "contested_at"], condition=Q(outcome=None), name="dispute_open")
        ]

    def __str__(self) -> str:
        return f"Dispute {self.pk}"
