"""Saved exports: a file with the state of one instant, and the formats it was converted to."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Project
from tasks.querysets import within
from tasks.roles import projects_hiding_people
from users.models import User


class Status(models.TextChoices):
    """Label Studio's values."""

    CREATED = "created", "Queued"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"


class ExportQuerySet(models.QuerySet["Export"]):
    def visible_to(self, user: User) -> Self:
        """Where people are hidden from `user`, only their own exports, written with pseudonyms."""
        named = ~Q(project__in=projects_hiding_people(user)) | Q(created_by=user, anonymized=True)
        return self.filter(named & within(user, "export"), project__deleted_at=None)


class Export(models.Model):
    """A snapshot of a project, with the options that selected its tasks and annotations."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="exports")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.CREATED)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)
    snapshot_at = models.DateTimeField(null=True, help_text="The instant whose state it has.")
    anonymized = models.BooleanField(
        default=False, help_text="Its creator reads pseudonyms, so the file has them too."
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
