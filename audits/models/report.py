import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from users.models import User

from .audit_model import AuditModel, OwnedQuerySet, Version
from .dataset import MAX_SCALE, Comment, Dataset, Topic


class ReportState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    COMPLETE = "complete", _("Complete")
    QUEUED = "queued", _("Waits to be sent")
    SUBMITTED = "submitted", _("In the register")
    FAILED = "failed", _("Refused by the register")
    # Sent, but no answer came: it may be there or not.
    UNCERTAIN = "uncertain", _("Perhaps in the register")


class ReportErrorType(models.TextChoices):
    UNDER = "under", _("The system is under-sensitive")
    OVER = "over", _("The system is over-sensitive")
    BOTH = "both", _("Both")


class Category(models.TextChoices):
    ACCURACY = "accuracy", _("Accuracy")
    BIAS = "bias", _("Bias/discrimination")
    ADVERSARIAL = "adversarial", _("Adversarial example")
    OTHER = "other", _("Other")


class Scaffold(models.TextChoices):
    """What a report begins with: see audits/scaffolds.py."""

    EMPTY = "empty", _("Empty")
    PERSONAL = "personal", _("Where my model and the system disagree most")
    PROMPTS = "prompts", _("Questions about my community")
    FIXED = "fixed", _("The largest topics")
    TUTORIAL = "tutorial", _("Tutorial")


class ReportQuerySet(OwnedQuerySet):
    def lock(self, pk: int) -> Self:
        return self.filter(pk=pk).select_for_update(no_key=True, of=("self",))


class Report(models.Model):
    """Something a person found about the system, in their words, with comments as evidence."""

    model = models.ForeignKey(AuditModel, on_delete=models.CASCADE, related_name="reports")
    title = models.CharField(max_length=200, blank=True)
    error_type = models.CharField(max_length=5, choices=ReportErrorType, blank=True)
    category = models.CharField(max_length=11, choices=Category, blank=True)
    summary = models.TextField(blank=True)
    scaffold = models.CharField(max_length=8, choices=Scaffold, default=Scaffold.EMPTY)
    scaffold_key = models.CharField(
        max_length=30, blank=True, help_text="Which of the scaffold's reports it is."
    )
    topic = models.ForeignKey(
        Topic, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Where its scaffold looks."
    )
    state = models.CharField(max_length=9, choices=ReportState, default=ReportState.DRAFT)
    # Raised by every change of its texts and when it is completed; a change that names an older one is
    # refused: another tab was faster. Evidence is added from other pages meanwhile and does not raise it.
    edits = models.PositiveIntegerField(default=0)
    # The number of its last revision; 0 before it was complete for the first time.
    revision = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now)

    if TYPE_CHECKING:
        model_id: int
        topic_id: int | None

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "scaffold", "scaffold_key"],
                name="report_of_scaffold_once",
                condition=~Q(scaffold_key=""),
            ),
            models.CheckConstraint(
                name="report_complete_or_draft",
                condition=Q(state=ReportState.DRAFT)
                | (Q(revision__gte=1) & ~Q(title="") & ~Q(summary="") & ~Q(error_type="") & ~Q(category="")),
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"Report {self.pk}"


class OfReportQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> Self:
        return self.filter(report__in=Report.objects.visible_to(user))


class RevisionQuerySet(OfReportQuerySet):
    def public(self) -> Self:
        """Those that were submitted, unless their project was deleted: for everybody who has the address."""
        project = "report__model__dataset__project"
        is_live = Q(**{project: None}) | Q(**{f"{project}__deleted_at": None})
        return self.filter(is_live, submission__isnull=False)


class Evidence(models.Model):
    """A comment that shows what a report says: a snapshot, which later fits and imports do not change."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="evidence")
    comment = models.ForeignKey(Comment, on_delete=models.SET_NULL, null=True, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.RESTRICT, null=True, related_name="+")
    external_id = models.CharField(max_length=100)
    text = models.TextField()
    topic = models.CharField(max_length=200)
    system = models.FloatField("system rating")
    predicted = models.FloatField(null=True)
    label = models.PositiveSmallIntegerField(
        null=True, help_text="What the person said, if they labelled it."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    if TYPE_CHECKING:
        report_id: int
        comment_id: int | None
        version_id: int | None

    objects = OfReportQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "evidence"
        ordering = ["report", "id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "external_id"], name="evidence_once"),
            models.CheckConstraint(
                name="evidence_in_range",
                condition=Q(system__range=(0, MAX_SCALE))
                & (Q(predicted=None) | Q(predicted__range=(0, MAX_SCALE), version__isnull=False))
                & (Q(label=None) | Q(label__range=(0, MAX_SCALE))),
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class Revision(models.Model):
    """A report as it was when its owner called it complete: what is submitted, and shown in public."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    # The address of its public page, which nobody can guess.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    body = models.JSONField(help_text="What is submitted and shown in public; audits/reports.py::body_of.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    if TYPE_CHECKING:
        report_id: int

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["report", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="revision_once"),
            models.CheckConstraint(name="revision_from_one", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.report_id}, revision {self.number}"


class SubmissionState(models.TextChoices):
    QUEUED = "queued", _("Waits to be sent")
    SUBMITTED = "submitted", _("Accepted")
    FAILED = "failed", _("Refused")
    UNCERTAIN = "uncertain", _("No answer")


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def managed_by(self, user: User) -> Self:
        """Of data sets whose settings `user` may change: they decide what to do with one that failed."""
        return self.filter(revision__report__model__dataset__in=Dataset.objects.managed_by(user))


class Submission(models.Model):
    """The outbox of the register: one revision, sent at most once unless somebody says that it did not
    arrive."""

    revision = models.OneToOneField(Revision, on_delete=models.CASCADE, related_name="submission")
    state = models.CharField(max_length=9, choices=SubmissionState, default=SubmissionState.QUEUED)
    # Frozen when it is queued: every attempt sends the same.
    body = models.JSONField()
    consent = models.BooleanField(default=False)
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, default=timezone.now)
    # Written before the request goes out, and empty while it waits: a worker that dies meanwhile leaves an
    # uncertain submission.
    sending_since = models.DateTimeField(null=True)
    last_status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the last answer.")
    last_error = models.CharField(max_length=500, blank=True)
    register_id = models.UUIDField(null=True, unique=True, help_text="What the register calls it.")
    register_status = models.CharField(max_length=60, blank=True)
    status_checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        revision_id: int

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="submission_names_with_consent", condition=Q(consent=True) | Q(name="", email="")
            ),
            models.CheckConstraint(
                name="submission_accepted_has_id",
                condition=Q(state=SubmissionState.SUBMITTED, register_id__isnull=False)
                | (~Q(state=SubmissionState.SUBMITTED) & Q(register_id=None)),
            ),
            models.CheckConstraint(
                name="submission_due_while_queued",
                condition=Q(state=SubmissionState.QUEUED, next_attempt_at__isnull=False)
                | (~Q(state=SubmissionState.QUEUED) & Q(next_attempt_at=None)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="submission_due",
                condition=Q(state=SubmissionState.QUEUED),
            ),
        ]

    def __str__(self) -> str:
        return f"Submission {self.pk}"
