"""Picks: reviewers choose the answer of a task among accepted annotations that differ."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Annotation, Task
from tasks.triggers import append_only

PERSON = settings.AUTH_USER_MODEL


class FinalPick(models.Model):
    """The annotation that a reviewer picked as the answer of a task, where accepted ones differ. It counts
    until it is undone or void.
    """

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
