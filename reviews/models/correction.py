"""What fixes changed."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from tasks.models import Annotation, Project
from tasks.triggers import append_only

from ..querysets import CorrectionQuerySet
from .review import Review

PERSON = settings.AUTH_USER_MODEL


class Correction(models.Model):
    """One change made by a fix. Its review says who made it, when, and whether it still stands."""

    class Kind(models.TextChoices):
        ADDED = "added", "Added"
        REMOVED = "removed", "Removed"
        MOVED = "moved", "Moved or resized"
        RELABELLED = "relabelled", "Relabelled"
        ATTRIBUTE = "attribute", "Attribute changed"
        TEXT = "text", "Text changed"

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="corrections")
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="corrections")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="corrections")
    annotator = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, related_name="+", help_text="Whose work was corrected."
    )
    kind = models.CharField(max_length=16, choices=Kind)
    region = models.CharField(max_length=128, blank=True, help_text="Id of the region.")
    control = models.CharField(max_length=255, blank=True, help_text="Name of the control: `from_name`.")
    label_from = models.CharField(max_length=255, blank=True)
    label_to = models.CharField(max_length=255, blank=True)
    overlap = models.FloatField(null=True, help_text="Intersection over union of before and after, 0 to 1.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    acknowledged_at = models.DateTimeField(null=True)

    triggers = (append_only("acknowledged_at"),)
    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["annotator", "-id"], name="correction_feed"),
            models.Index(fields=["project", "label_from", "label_to"], name="correction_confusion"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.region}".strip()
