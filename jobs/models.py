"""Long work as rows: what to do, how far it is, which worker has it, how it ended."""

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from users.sentences import SentenceDecoder, SentenceEncoder


class State(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


UNFINISHED = (State.QUEUED, State.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def free(self) -> Self:
        """Jobs that no worker has: never taken, between two steps, or their worker died."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=Now()))

    def about(self, kind: str, *subject_ids: int) -> Self:
        return self.filter(kind=kind, subject_id__in=subject_ids)


class Job(models.Model):
    """A long piece of work, done in steps. See docs/reference/jobs.md."""

    kind = models.CharField(max_length=40, help_text="The name its step function is registered under.")
    # Plain numbers: jobs come below the apps that own projects and the rows that jobs are about.
    project_id = models.BigIntegerField(null=True, help_text="Empty for work on the whole site.")
    subject_id = models.BigIntegerField(
        null=True, help_text="The row this job is about, of a table of its kind."
    )
    parameters = models.JSONField(default=dict)
    cursor = models.JSONField(
        null=True,
        encoder=SentenceEncoder,
        decoder=SentenceDecoder,
        help_text="Where the next step starts. Committed with the step before it.",
    )
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, help_text="Empty until known.")
    sentence = models.CharField(max_length=255, blank=True, help_text="The progress in words.")
    state = models.CharField(max_length=9, choices=State, default=State.QUEUED)
    # A worker that finds its token replaced has lost the job and must not write any more.
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True, help_text="Later than now while a worker has it.")
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often the current step was started."
    )
    report = models.JSONField(null=True, encoder=SentenceEncoder, decoder=SentenceDecoder)
    error = models.JSONField(
        null=True,
        encoder=SentenceEncoder,
        decoder=SentenceDecoder,
        help_text="code, detail, field; errors, if there are several",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    queued_at = models.DateTimeField(default=timezone.now, help_text="When a worker was last asked for.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        created_by_id: int

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project_id", "-id"], name="job_of_project"),
            models.Index(fields=["kind", "subject_id"], name="job_of_subject"),
            models.Index(fields=["queued_at"], name="job_unfinished", condition=Q(state__in=UNFINISHED)),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_finished_at_its_end",
                condition=Q(finished_at=None, state__in=UNFINISHED)
                | (Q(finished_at__isnull=False) & ~Q(state__in=UNFINISHED)),
            )
        ]

    def __str__(self) -> str:
        return f"Job {self.pk} ({self.kind})"

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def subject(self) -> int:
        """`subject_id`, for the kinds that always have one."""
        assert self.subject_id is not None
        return self.subject_id

    @property
    def percent(self) -> int | None:
        return None if not self.total else min(100, 100 * self.done // self.total)
