"""Reviews, bulk actions, and who reviewed which task."""

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from tasks.choices import ACCEPTING, VERDICTS, ActionType, RejectAction
from tasks.models import Annotation, History, Project, Task
from tasks.triggers import append_only

from ..querysets import ReviewQuerySet
from .verdict_triggers import VERDICT_TRIGGERS

PERSON = settings.AUTH_USER_MODEL
VERDICT_CHOICES = [(v.value, v.label) for v in VERDICTS]


class BulkReview(models.Model):
    """One action on a selection of annotations, which can be undone as a whole."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="bulk_reviews")
    action = models.CharField(max_length=32)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    reopened = ArrayField(
        models.BigIntegerField(), default=list, editable=False, help_text="Ids of the reopened annotations."
    )
    ended = ArrayField(
        models.BigIntegerField(),
        default=list,
        editable=False,
        help_text="Ids of the reviews it ended without a verdict of its own: undone, or reopened.",
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.action} ({self.pk})"

    @property
    def is_empty(self) -> bool:
        """It has changed nothing (yet)."""
        return not (self.ended or self.reopened or self.reviews.exists())

    def extend(self, *, ended: Sequence[int], reopened: Sequence[int]) -> None:
        """Add to the lists, as the next part of a long action does."""
        added = {name: ids for name, ids in (("ended", ended), ("reopened", reopened)) if ids}
        if added:
            BulkReview.objects.filter(pk=self.pk).update(
                **{name: _appended(name, ids) for name, ids in added.items()}
            )


def _appended(field: str, ids: Sequence[int]) -> Func:
    added = Value(list(ids), output_field=ArrayField(models.BigIntegerField()))
    return Func(F(field), added, function="array_cat")


class Review(models.Model):
    """A signed verdict on one version. Append-only: only `undone_*`, `superseded_by` and `contested_at`
    change, each once.

    It stands while `annotation.standing_review_id` is its id. A review that does not stand, and is neither
    undone nor superseded, is outdated.
    """

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="reviews")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="reviews")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="reviews")
    verdict = models.CharField(max_length=20, choices=VERDICT_CHOICES)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="reviews")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True)
    # The text as it was, also if there is a comment object: that can be edited later.
    comment = models.TextField(blank=True)
    comment_object = models.ForeignKey("Comment", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=64, blank=True)
    reject_action = models.CharField(max_length=16, choices=RejectAction, null=True)
    seen_version = models.ForeignKey(History, on_delete=models.PROTECT, related_name="+")
    fixed_version = models.ForeignKey(History, on_delete=models.PROTECT, null=True, related_name="+")
    unique_id = models.UUIDField(default=uuid.uuid4, editable=False)
    imported_by = models.ForeignKey(
        PERSON,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who imported it. Imported reviews count in no scores.",
    )
    bulk = models.ForeignKey(BulkReview, on_delete=models.PROTECT, null=True, related_name="reviews")
    restores = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,  # a partial index below: nearly no review restores another
        related_name="+",
        help_text="The review whose verdict it brings back. It counts in no scores: that review does.",
    )
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    superseded_by = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    contested_at = models.DateTimeField(null=True)

    triggers = (append_only("undone_at", "undone_by", "superseded_by", "contested_at"), *VERDICT_TRIGGERS)
    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["unique_id", "project"], name="review_unique_id_unique"),
            models.CheckConstraint(condition=Q(verdict__in=VERDICTS), name="review_verdict_known"),
            models.CheckConstraint(
                condition=Q(verdict=ActionType.FIXED_AND_ACCEPTED, fixed_version__isnull=False)
                | (~Q(verdict=ActionType.FIXED_AND_ACCEPTED) & Q(fixed_version__isnull=True)),
                name="review_fix_has_version",
            ),
            models.CheckConstraint(
                condition=Q(verdict=ActionType.REJECTED, reject_action__in=RejectAction.values)
                | (~Q(verdict=ActionType.REJECTED) & Q(reject_action__isnull=True)),
                name="review_reject_has_outcome",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="review_undone_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "-id"], name="review_list"),
            models.Index(
                fields=["restores", "-id"], name="review_restored", condition=Q(restores__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"Review {self.pk}: {self.get_verdict_display()}"

    @property
    def accepted(self) -> bool:
        return self.verdict in ACCEPTING

    @property
    def stands_on_id(self) -> int:
        """The version that it stands on: the fix, else the version the reviewer saw."""
        return self.fixed_version_id or self.seen_version_id

    @property
    def state(self) -> str:
        if self.annotation.standing_review_id == self.pk:
            return "standing"
        if self.undone_at:
            return "undone"
        return "superseded" if self.superseded_by_id else "outdated"


class TaskReviewer(models.Model):
    """Who reviewed a task: the reviewers of its standing reviews. Recomputed under the task's lock."""

    # The key is also the index that finds the tasks which a person reviewed in a project.
    pk = models.CompositePrimaryKey("project_id", "user_id", "task_id")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="reviewed_by")

    def __str__(self) -> str:
        return f"{self.user_id} reviewed {self.task_id}"
