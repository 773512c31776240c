"""Annotations, their append-only history, drafts and predictions."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..choices import ActionType, HistoryAction
from ..querysets import AnnotationQuerySet, DraftQuerySet, HistoryQuerySet, PredictionQuerySet
from ..state import FILLS_SLOT, State, state_expression
from ..triggers import append_only
from .project import Project
from .task import Import, Task, importer_of

PERSON = settings.AUTH_USER_MODEL


class Annotation(models.Model):
    """One person's answer to a task.

    `completed_by` is its author in the API, `written_by` who really sent it, `version_author` who wrote the
    current result. Verdicts (`last_action`, `standing_review_id`, `redistributed`,
    `returned_*`, `rounds`, `contested_at`, `upheld`) are written only by AnnotationReviewService. A deferred
    trigger keeps `last_action` and `standing_review_id` consistent.
    """

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="annotations")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="annotations")
    completed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="annotations")
    written_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    updated_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, related_name="+")
    result = models.JSONField(default=list)
    was_cancelled = models.BooleanField("skipped", default=False)
    ground_truth = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    lead_time = models.FloatField(null=True, blank=True, help_text="Seconds.")
    started_at = models.DateTimeField(null=True, blank=True)
    draft_created_at = models.DateTimeField(null=True, blank=True)
    unique_id = models.UUIDField(default=uuid.uuid4, editable=False)
    imported_by = models.ForeignKey(
        Import, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="annotations"
    )
    bulk_created = models.BooleanField(default=False)
    parent_prediction = models.ForeignKey(
        "Prediction", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    parent_annotation = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    annotation_seq = models.BigIntegerField(default=1, editable=False, help_text="Raised by every change.")
    version = models.PositiveIntegerField(
        default=1, editable=False, help_text="Counts the results this annotation has had."
    )
    current_version = models.ForeignKey(
        "History", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    data_changed_row = models.BigIntegerField(
        null=True, editable=False, help_text="Its history row of the newest change of the task's data."
    )
    version_author = models.ForeignKey(PERSON, on_delete=models.PROTECT, editable=False, related_name="+")

    last_action = models.CharField(
        max_length=32, choices=ActionType, default=ActionType.SUBMITTED, editable=False
    )
    last_created_by = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    standing_review_id = models.BigIntegerField(
        null=True, editable=False, help_text="Checked by a trigger instead of a foreign key."
    )
    ever_reviewed = models.BooleanField(default=False, editable=False)
    redistributed = models.BooleanField(
        default=False, editable=False, help_text="Its slot is free for somebody else."
    )
    returned_at = models.DateTimeField(null=True, editable=False, help_text="Since when it waits for rework.")
    returned_to = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )

    rounds = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="How often it was sent back by a reject."
    )
    contested_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when its author contests the standing reject."
    )
    upheld = models.BooleanField(
        default=False, editable=False, help_text="The standing reject decided a dispute."
    )

    # Computed by the database, for queries. An object that was changed since it was read has old values here:
    # use `tasks.state.state_of`.
    state = models.GeneratedField(
        expression=state_expression(),
        output_field=models.CharField(max_length=10, choices=State),
        db_persist=True,
    )
    fills_slot = models.GeneratedField(
        expression=FILLS_SLOT,  # type: ignore[arg-type]  # a Q is an expression, which the stubs do not know
        output_field=models.BooleanField(),
        db_persist=True,
    )

    replaced_version_id: int | None  # set by the code that wrote the current version
    config_outdated: bool  # set by `with_config_outdated`, or by the code that wrote the current version

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        permissions = [("review_annotation", "May review annotations")]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_action__in=ActionType.values), name="annotation_last_action_known"
            ),
            models.UniqueConstraint(
                fields=["project", "unique_id"],
                condition=Q(deleted_at=None),
                name="annotation_unique_id_unique",
            ),
        ]
        indexes = [
            models.Index(
                fields=["project", "last_action", "-id"],
                condition=Q(deleted_at=None),
                name="annotation_by_last_action",
            ),
            # What waits for rework by one person.
            models.Index(
                fields=["returned_to", "returned_at"],
                condition=Q(deleted_at=None, returned_at__isnull=False),
                name="annotation_returned",
            ),
            # What was deleted, for those who may restore it.
            models.Index(
                fields=["project", "-deleted_at"],
                condition=Q(deleted_at__isnull=False),
                name="annotation_deleted",
            ),
            models.Index(
                fields=["project", "completed_by", "-id"],
                condition=Q(deleted_at=None),
                name="annotation_by_author",
            ),
        ]

    def __str__(self) -> str:
        return f"Annotation {self.pk}"

    @property
    def importer_id(self) -> int | None:
        """Who imported it, if it came from a file."""
        return importer_of(self.imported_by_id) if self.imported_by_id else None

    @property
    def last_row_to_see(self) -> int | None:
        """The newest history row that a reader must know to decide: a version, or a change of the data."""
        return max(filter(None, (self.current_version_id, self.data_changed_row)), default=None)

    def is_work_of(self, user) -> bool:
        return user.pk in (self.completed_by_id, self.written_by_id)

    def has_words_of(self, user) -> bool:
        """Their work, or their rewriting of somebody else's: they wrote what stands in it now."""
        return self.is_work_of(user) or self.version_author_id == user.pk


class History(models.Model):
    """What happened to an annotation, append-only. A *version* is a row that changed the
    result or the skip flag.

    A version row has a `result` and a `number`, and its `version_id` is its own id. Every other row refers
    to the version that was current.
    """

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="history")
    action = models.CharField(max_length=32, choices=HistoryAction)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    version = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    number = models.PositiveIntegerField(null=True)
    author = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, related_name="+", help_text="Who wrote this result."
    )
    result = models.JSONField(null=True)
    was_cancelled = models.BooleanField(default=False)
    annotation_seq = models.BigIntegerField()
    label_config = models.ForeignKey(
        "LabelConfigVersion",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty: the project's first.",
    )
    lead_time = models.FloatField(null=True)
    started_at = models.DateTimeField(null=True)
    review_id = models.BigIntegerField(null=True)
    comment = models.TextField(blank=True)
    comment_id = models.BigIntegerField(null=True)
    draft_id = models.BigIntegerField(null=True)
    details = models.JSONField(
        null=True, help_text="Anything else worth keeping, such as the old data of a task."
    )

    triggers = (append_only(),)
    objects = HistoryQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "history"
        constraints = [
            models.UniqueConstraint(fields=["annotation", "number"], name="history_number_unique"),
            models.CheckConstraint(condition=Q(action__in=HistoryAction.values), name="history_action_known"),
            models.CheckConstraint(
                condition=Q(number__isnull=True) | Q(result__isnull=False, author__isnull=False),
                name="history_version_has_result",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} ({self.pk})"


class Draft(models.Model):
    """Unsubmitted work, visible to its author only."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="drafts")
    annotation = models.ForeignKey(
        Annotation, on_delete=models.CASCADE, null=True, blank=True, related_name="drafts"
    )
    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="drafts")
    result = models.JSONField(default=list)
    lead_time = models.FloatField(null=True, blank=True)
    was_postponed = models.BooleanField(default=False)
    began_on = models.ForeignKey(
        History, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Draft {self.pk}"


class Prediction(models.Model):
    """A model's answer to a task."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="predictions")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="predictions")
    result = models.JSONField(default=list)
    score = models.FloatField(null=True, blank=True)
    model_version = models.CharField(max_length=255, blank=True, default="undefined")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Prediction {self.pk}"
