"""The review queue: what waits for a reviewer, and who has leased it."""

from django.conf import settings
from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tasks.models import Annotation, Project, Task
from tasks.state import State

PERSON = settings.AUTH_USER_MODEL


class Queue(models.TextChoices):
    REVIEW = "review", "To review"
    DISPUTES = "disputes", "Contested rejections"
    REJECTED = "rejected", "Rejected"


class QueueEntry(models.Model):
    """One annotation that reviewers can get from the queue: a narrow row, indexed for each order.

    Derived: reviews/queue/entries.py rebuilds it from annotation, task and project, under the task's lock.
    Columns copied from the annotation have the same names there, so that conditions work on both.

    The lease is part of this row, because the row is what drawing locks: a second reviewer who waited for the
    lock sees that it is taken.
    """

    annotation = models.OneToOneField(
        Annotation, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="+", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    queue = models.CharField(max_length=8, choices=Queue)
    state = models.CharField(max_length=10, choices=State)
    completed_by = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="+", db_index=False)
    written_by = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="+", db_index=False)
    last_created_by = models.ForeignKey(
        PERSON, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    standing_review_id = models.BigIntegerField(null=True)
    reworked = models.BooleanField(default=False, help_text="It had a verdict before.")
    lowest_score = models.FloatField(null=True)
    shuffle = models.BigIntegerField(help_text="A seeded hash: the random order.")
    entered_at = models.DateTimeField(default=timezone.now)

    opened_at = models.DateTimeField(
        null=True, help_text="When somebody other than its author first got it from the queue."
    )

    lease = models.UUIDField(null=True, unique=True, default=None)
    leased_to = models.ForeignKey(PERSON, on_delete=models.SET_NULL, null=True, related_name="+")
    leased_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "queue entries"
        constraints = [
            models.CheckConstraint(condition=Q(queue__in=Queue.values), name="queue_known"),
            models.CheckConstraint(
                condition=Q(lease=None, leased_until=None)
                | Q(lease__isnull=False, leased_until__isnull=False),
                name="queue_lease_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "queue", "task", "annotation"], name="queue_by_task"),
            models.Index(fields=["project", "queue", "shuffle"], name="queue_random"),
            models.Index(fields=["project", "queue", "completed_by", "annotation"], name="queue_by_author"),
            models.Index(fields=["project", "queue", "-reworked", "annotation"], name="queue_reworked_first"),
            models.Index(
                F("project"),
                F("queue"),
                F("lowest_score").asc(nulls_last=True),
                F("annotation"),
                name="queue_lowest_score",
            ),
            # Entries of one task. With a B-tree, the planner sometimes scanned other projects in task order.
            HashIndex(fields=["task"], name="queue_of_task"),
            # Who holds what: a list for managers.
            models.Index(
                fields=["project", "leased_until"], condition=Q(lease__isnull=False), name="queue_leased"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.annotation_id} in {self.queue}"
