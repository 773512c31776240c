"""Exports that are kept: a file of one moment, and what it was converted to. Imports that a worker brings in."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Import, Project
from tasks.querysets import within
from tasks.roles import projects_hiding_people


class Status(models.TextChoices):
    """Label Studio's words."""

    CREATED = "created", "Waits for a worker"
    IN_PROGRESS = "in_progress", "Is being written"
    COMPLETED = "completed", "Can be downloaded"
    FAILED = "failed", "Failed"


class ExportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Where people are hidden from `user`, only what was written so, for this very reader."""
        named = ~Q(project__in=projects_hiding_people(user)) | Q(created_by=user, anonymized=True)
        return self.filter(named & within(user, "export"), project__deleted_at=None)


class Export(models.Model):
    """A snapshot: which tasks and annotations it took is kept with it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="exports")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.CREATED)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    snapshot_at = models.DateTimeField(null=True, help_text="The moment all of it is of.")
    anonymized = models.BooleanField(
        default=False, help_text="Its maker reads pseudonyms, and so does the file."
    )
    md5 = models.CharField(max_length=32, blank=True)
    counters = models.JSONField(default=dict)
    task_filter_options = models.JSONField(default=dict)
    annotation_filter_options = models.JSONField(default=dict)
    serialization_options = models.JSONField(default=dict)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title or f"Export {self.pk}"


class Conversion(models.Model):
    """The same export in another format."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="converted_formats")
    export_type = models.CharField(max_length=16)
    status = models.CharField(max_length=12, choices=Status, default=Status.CREATED)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["export", "export_type"], name="conversion_once")]

    def __str__(self) -> str:
        return f"{self.export} as {self.export_type}"


UNFINISHED = (Status.CREATED, Status.IN_PROGRESS)


class ImportJobQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(within(user, "import"), project__deleted_at=None)

    def unfinished(self):
        return self.filter(status__in=UNFINISHED)


class ImportJob(models.Model):
    """An import too long for a request. Its file lies in MEDIA_ROOT until it is over; all of it comes in, or nothing."""

    record = models.OneToOneField(Import, on_delete=models.CASCADE, primary_key=True, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    users = models.JSONField(null=True, help_text="Who hides behind the numbers of the file.")
    on_duplicate = models.CharField(max_length=8)
    status = models.CharField(max_length=12, choices=Status, default=Status.CREATED)
    done = models.PositiveIntegerField(default=0, help_text="Tasks written so far.")
    total = models.PositiveIntegerField(null=True, help_text="Tasks in the file, once it was read through.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="How often a worker began.")
    error = models.JSONField(null=True, help_text="Why nothing was imported: code, detail, field.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    beaten_at = models.DateTimeField(default=timezone.now, help_text="The last sign of life.")
    finished_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        ordering = ["-record"]

    def __str__(self) -> str:
        return f"Import {self.record_id}"

    @property
    def is_over(self) -> bool:
        return self.status not in UNFINISHED
