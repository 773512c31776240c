"""Tasks: the items to label, with the counters their lists are sorted and filtered by."""

import uuid
from functools import lru_cache

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils import timezone

from users.sentences import SentenceDecoder, SentenceEncoder

from .. import search
from ..choices import AssignmentType, FinalState
from ..mixins import TaskMixin
from ..querysets import TaskQuerySet, UploadQuerySet
from .project import Project

PERSON = settings.AUTH_USER_MODEL


class Import(models.Model):
    """One import of a file or request body into a project, and its report."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    name = models.CharField(max_length=255, blank=True)
    report = models.JSONField(default=dict, encoder=SentenceEncoder, decoder=SentenceDecoder)
    idempotency_key = models.CharField(max_length=255, blank=True, editable=False)
    fingerprint = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the request that has the key."
    )
    reserved_until = models.BigIntegerField(
        null=True,
        editable=False,
        help_text="While it is being written: the last number reserved for its tasks.",
    )
    taken_back_at = models.DateTimeField(
        null=True, editable=False, help_text="When somebody deleted its tasks, all at once."
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "created_by", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="import_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["project", "reserved_until"],
                condition=Q(reserved_until__isnull=False),
                name="import_in_progress",
            )
        ]

    def __str__(self) -> str:
        return f"Import {self.pk}"


@lru_cache(maxsize=10_000)
def importer_of(import_id: int) -> int | None:
    """Who started an import: an id that never changes, so each process asks once."""
    return Import.objects.filter(pk=import_id).values_list("created_by", flat=True).first()


class Task(TaskMixin, models.Model):
    """One item to label, and the counters of its annotations and reviews."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tasks")
    data = models.JSONField()
    meta = models.JSONField(default=dict, blank=True)
    inner_id = models.BigIntegerField(help_text="Number within the project, from 1.")
    overlap = models.PositiveIntegerField(default=1)
    allow_skip = models.BooleanField(default=True)
    unique_id = models.UUIDField(default=uuid.uuid4, editable=False)
    external_id = models.CharField(max_length=255, null=True, blank=True)
    imported_by = models.ForeignKey(
        Import, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="tasks"
    )
    # Most tasks have none: the index below contains only those that do.
    file_upload = models.ForeignKey(
        "Upload",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="tasks",
        db_index=False,
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_by = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_staged = models.BooleanField(
        default=False,
        editable=False,
        help_text="Of an import that is not complete: hidden as a deleted task is (`deleted_at` is set).",
    )

    # Counted by tasks.counters, under the task's lock.
    is_labeled = models.BooleanField("finished", default=False, editable=False, help_text="Overlap reached.")
    completed_at = models.DateTimeField(null=True, editable=False)
    total_annotations = models.IntegerField(default=0, editable=False)
    cancelled_annotations = models.IntegerField(default=0, editable=False)
    total_predictions = models.IntegerField(default=0, editable=False)

    lowest_score = models.FloatField(null=True, editable=False, help_text="Of its predictions.")

    # Written by the review app, under the task's lock.
    review_required = models.BooleanField(default=True, editable=False, help_text="In the review sample.")
    final_annotation = models.ForeignKey(
        "Annotation", on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    final_state = models.CharField(
        max_length=16, choices=FinalState, default=FinalState.NOT_REVIEWED, editable=False
    )
    closed_at = models.DateTimeField(
        null=True, editable=False, help_text="Closed by a manager without an answer."
    )
    closed_by = models.ForeignKey(
        PERSON, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    closed_because = models.CharField(max_length=255, blank=True, editable=False)

    # Counted by reviews.counters, under the task's lock.
    reviewed = models.BooleanField(default=False, editable=False)
    reviewed_at = models.DateTimeField(null=True, editable=False)
    reviews_accepted = models.IntegerField(
        default=0, editable=False, help_text="Standing accepted and fixed."
    )
    reviews_rejected = models.IntegerField(default=0, editable=False, help_text="Standing rejected.")
    comment_count = models.IntegerField(default=0, editable=False)
    unresolved_comment_count = models.IntegerField(default=0, editable=False)
    last_comment_updated_at = models.DateTimeField(null=True, editable=False)

    triggers = search.triggers()
    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "inner_id"], name="task_inner_id_unique"),
            models.UniqueConstraint(
                fields=["project", "unique_id"], condition=Q(deleted_at=None), name="task_unique_id_unique"
            ),
            models.UniqueConstraint(
                fields=["project", "external_id"],
                condition=Q(deleted_at=None, external_id__isnull=False),
                name="task_external_id_unique",
            ),
            models.CheckConstraint(
                condition=Q(
                    total_annotations__gte=0,
                    cancelled_annotations__gte=0,
                    total_predictions__gte=0,
                    reviews_accepted__gte=0,
                    reviews_rejected__gte=0,
                    comment_count__gte=0,
                    unresolved_comment_count__gte=0,
                ),
                name="task_counters_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(is_staged=False) | Q(deleted_at__isnull=False), name="task_staged_is_hidden"
            ),
        ]
        indexes = [
            # The task list of a project, by id.
            models.Index(fields=["project", "id"], condition=Q(deleted_at=None), name="task_list"),
            # Lists of tasks with rejects, and with accepts, newest first.
            models.Index(
                fields=["project", "-id"],
                condition=Q(deleted_at=None, reviews_rejected__gt=0),
                name="task_with_rejects",
            ),
            models.Index(
                fields=["project", "reviewed", "-id"], condition=Q(deleted_at=None), name="task_by_reviewed"
            ),
            # Tasks whose annotations conflict: a list for managers.
            models.Index(
                fields=["project", "final_state", "-id"],
                condition=Q(deleted_at=None),
                name="task_by_final_state",
            ),
            # The label stream: the first task that still needs an annotation.
            models.Index(
                fields=["project", "id"],
                condition=Q(deleted_at=None, is_labeled=False),
                name="task_unfinished",
            ),
            models.Index(
                fields=["file_upload"], condition=Q(file_upload__isnull=False), name="task_by_upload"
            ),
            # Tasks with equal data, for imports that ask (exchange/importing/duplicates.py).
            models.Index(
                F("project"),
                Func(
                    F("data"), Value(0), function="jsonb_hash_extended", output_field=models.BigIntegerField()
                ),
                name="task_data_hash",
            ),
            # What was deleted, for those who may restore it.
            models.Index(
                fields=["project", "-deleted_at"],
                condition=Q(deleted_at__isnull=False, is_staged=False),
                name="task_deleted",
            ),
            # What an import has written so far.
            models.Index(fields=["imported_by", "id"], condition=Q(is_staged=True), name="task_staged"),
        ]

    def __str__(self) -> str:
        return f"Task {self.inner_id}"


class TaskText(models.Model):
    """The words of a task's data, for search. Beside the task, whose row changes with each annotation: its
    index would be written each time. Written by triggers."""

    task = models.OneToOneField(Task, on_delete=models.CASCADE, primary_key=True, related_name="+")
    words = SearchVectorField(null=True)

    class Meta:
        indexes = [GinIndex(fields=["words"], name="task_text_words")]

    def __str__(self) -> str:
        return f"Words of task {self.task_id}"


class TaskAnnotator(models.Model):
    """Who annotated a task. Recomputed under the task's lock."""

    pk = models.CompositePrimaryKey("project_id", "user_id", "task_id")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="annotated_by")

    def __str__(self) -> str:
        return f"{self.user_id} annotated {self.task_id}"


class Assignment(models.Model):
    """A task assigned to a person manually, to annotate or to review it."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assignments")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="assignments")
    type = models.CharField(max_length=2, choices=AssignmentType)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["task", "user", "type"], name="assignment_once")]

    def __str__(self) -> str:
        return f"{self.task} → {self.user} ({self.get_type_display()})"


class Reservation(models.Model):
    """A lease on a slot in the label stream: this person is annotating the task, until
    they submit or it expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="reservations")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="reservations")
    user = models.ForeignKey(PERSON, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at"]
        constraints = [models.UniqueConstraint(fields=["task", "user"], name="reservation_once")]
        indexes = [models.Index(fields=["project", "expires_at"], name="reservation_by_project")]

    def __str__(self) -> str:
        return f"{self.user} has {self.task}"


class Upload(models.Model):
    """A file of a project's tasks, at /data/upload/{project}/{name}. Whoever sees a task that refers to it
    may read it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    file = models.FileField(upload_to="upload/", max_length=400)
    content_type = models.CharField(max_length=127, blank=True)
    size = models.BigIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    created_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    options = models.JSONField(
        default=dict, editable=False, help_text="Of the request: its tasks were checked with these."
    )
    idempotency_key = models.CharField(max_length=255, blank=True, editable=False)
    fingerprint = models.CharField(
        max_length=64, blank=True, editable=False, help_text="Of the request that has the key."
    )

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="upload_name_unique")]
        indexes = [
            models.Index(
                fields=["project", "created_by", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="upload_once",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """How the data of a task refers to it, after `/data/upload/`."""
        return f"{self.project_id}/{self.name}"

    @property
    def path(self) -> str:
        return f"/data/upload/{self.key}"
