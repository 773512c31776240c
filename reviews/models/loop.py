"""What comes after a verdict: contesting it, learning from a correction, picking a task's answer."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Annotation, Project, Task
from tasks.triggers import append_only

from ..querysets import CorrectionQuerySet
from .review import Review

PERSON = settings.AUTH_USER_MODEL


class Dispute(models.Model):
    """An annotator contests a rejection, once; another reviewer decides. Append-only but for the decision,
    given once."""

    class Outcome(models.TextChoices):
        UPHELD = "upheld", "The rejection was right"
        OVERTURNED = "overturned", "The work was right"
        WITHDRAWN = "withdrawn", "The rejection stopped standing before it was decided"

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="dispute")
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="disputes")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="disputes")
    contested_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    contested_at = models.DateTimeField(default=timezone.now, editable=False)
    because = models.TextField("reason")
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


class Correction(models.Model):
    """One thing a fix changed, typed. Its review says by whom, when, and whether it still stands."""

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


class FinalPick(models.Model):
    """A reviewer picked a task's answer among accepted annotations that differ. It counts until taken back or
    void."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="picks")
    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="+")
    picked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    picked_at = models.DateTimeField(default=timezone.now, editable=False)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")

    triggers = (append_only("undone_at", "undone_by"),)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=Q(undone_at=None), name="final_pick_once")
        ]

    def __str__(self) -> str:
        return f"{self.annotation_id} answers task {self.task_id}"
