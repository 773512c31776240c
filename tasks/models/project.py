"""Projects, their members, and their totals."""

import secrets
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from users.capabilities import PROJECT_ROLES
from users.recent_reads import ROLES
from users.zones import validate_zone

from ..choices import Distribution, RejectAction, ReviewCriteria, Sampling
from ..origins import validate_origin
from ..querysets import MembershipQuerySet, ProjectQuerySet
from ..safe_html import SafeHTMLField
from ..triggers import append_only


def default_reject_actions() -> list[str]:
    return [RejectAction.REMOVE, RejectAction.REQUEUE]


def default_seed() -> int:
    return secrets.randbelow(2**62)


class Project(models.Model):
    """A set of tasks with one label configuration, its members, and the settings of its reviews."""

    title = models.CharField(max_length=256)
    description = models.TextField(blank=True)
    label_config = models.TextField(default="<View></View>", help_text="Label Studio's XML.")
    expert_instruction = SafeHTMLField(blank=True, help_text="HTML.")
    show_instruction = models.BooleanField(default=False)
    color = models.CharField(max_length=16, default="#FFFFFF")
    maximum_annotations = models.PositiveIntegerField(
        "overlap", default=1, help_text="How many people annotate each task."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    pinned_at = models.DateTimeField(null=True, blank=True, help_text="Pinned projects are listed first.")
    timezone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])

    enable_review_workflow = models.BooleanField("reviews are on", default=True)
    allow_self_review = models.BooleanField("people may review their own work", default=False)
    require_review_comment_on_reject = models.BooleanField("a reject needs a comment", default=False)
    review_criteria = models.CharField(
        max_length=8, choices=ReviewCriteria, default=ReviewCriteria.ONE, help_text="When is a task reviewed?"
    )
    allowed_reject_actions = ArrayField(
        models.CharField(max_length=16, choices=RejectAction), default=default_reject_actions
    )
    default_reject_action = models.CharField(
        max_length=16, choices=RejectAction, default=RejectAction.REQUEUE
    )
    only_finished_tasks = models.BooleanField("only tasks with full overlap enter review", default=False)
    review_only_manual_assignments = models.BooleanField("reviewers see assigned tasks only", default=False)
    sampling = models.CharField(
        "order of the review queue", max_length=16, choices=Sampling, default=Sampling.TASK_ID
    )
    reject_reasons = models.JSONField(
        default=list, blank=True, help_text='[{"code": "blurry", "text": "The box is not tight"}]'
    )
    review_instruction = SafeHTMLField(blank=True, help_text="HTML.")
    show_review_instruction = models.BooleanField(default=False)
    show_data_manager_to_reviewers = models.BooleanField(default=True)
    show_agreement_to_reviewers = models.BooleanField(default=False)
    show_reviewer_names = models.BooleanField("annotators see who reviewed them", default=True)
    anonymize_annotations = models.BooleanField(
        "reviewers read pseudonyms",
        default=False,
        help_text="Instead of the names of all other people, everywhere.",
    )
    max_rounds = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How often one annotation may be sent back. Empty: no limit."
    )
    review_task_limit_percent = models.DecimalField(
        "share of tasks that enter review, in %", max_digits=5, decimal_places=2, default=100
    )
    review_sample_seed = models.BigIntegerField(default=default_seed, editable=False)
    media_origins = ArrayField(
        models.CharField(max_length=255, validators=[validate_origin]),
        default=list,
        blank=True,
        help_text="Hosts of images, audio and video, such as https://images.example.org. This site is "
        "always allowed.",
    )
    label_config_version = models.ForeignKey(
        "LabelConfigVersion", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    label_stream_task_distribution = models.CharField(
        max_length=20, choices=Distribution, default=Distribution.AUTO
    )
    require_result = models.BooleanField(
        "refuse empty results", default=False, help_text="Skipping a task stays possible."
    )
    validate_results = models.BooleanField(
        "refuse results that do not fit the label configuration", default=False
    )

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(maximum_annotations__gte=1), name="project_overlap_positive"),
            models.CheckConstraint(
                condition=Q(default_reject_action__in=RejectAction.values), name="project_reject_action_known"
            ),
            models.CheckConstraint(
                condition=Q(review_task_limit_percent__gte=0, review_task_limit_percent__lte=100),
                name="project_limit_is_percent",
            ),
            models.CheckConstraint(
                condition=Q(max_rounds=None) | Q(max_rounds__gte=1), name="project_max_rounds_positive"
            ),
            models.CheckConstraint(
                condition=Q(review_criteria__in=ReviewCriteria.values), name="project_criteria_known"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def reasons(self) -> dict[str, str]:
        """The reject reasons: code → text. (What is stored may be older than its checks.)"""
        stored = self.reject_reasons if isinstance(self.reject_reasons, list) else []
        return {
            reason["code"]: reason["text"]
            for reason in stored
            if isinstance(reason, dict)
            and isinstance(reason.get("code"), str)
            and isinstance(reason.get("text"), str)
        }


class LabelConfigVersion(models.Model):
    """One label configuration that a project has had, append-only. Every annotation version refers to the one
    it was made with."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="label_configs")
    number = models.PositiveIntegerField(help_text="Counts from 1 within the project.")
    xml = models.TextField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)

    triggers = (append_only(),)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="label_config_number_unique")
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"


class Membership(models.Model):
    """The role of a person in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=2, choices=[(r, r.label) for r in PROJECT_ROLES])
    paused = models.BooleanField(default=False, help_text="A paused member gets no new work.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user"],
                name="membership_once",
                violation_error_message="This person is already a member.",
            ),
            models.CheckConstraint(condition=Q(role__in=PROJECT_ROLES), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        ROLES.drop()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        ROLES.drop()
        return deleted


class ProjectChange(models.Model):
    """Who changed which setting of a project, and when."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="changes")
    setting = models.CharField(max_length=64)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.setting} by {self.changed_by}"


class Aggregate(models.Model):
    """Totals of the tasks of a project; or, as a delta, what one transaction changed in them."""

    tasks = models.BigIntegerField(default=0)
    finished = models.BigIntegerField(default=0)
    annotations = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    predictions = models.BigIntegerField(default=0)
    reviewed = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    sampled = models.BigIntegerField(default=0, help_text="Tasks in the review sample.")
    review_done = models.BigIntegerField(default=0, help_text="Tasks that are reviewed or not in the sample.")

    COUNTED = (
        "tasks",
        "finished",
        "annotations",
        "skipped",
        "predictions",
        "reviewed",
        "accepted",
        "rejected",
        "sampled",
        "review_done",
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return ", ".join(f"{getattr(self, name)} {name}" for name in self.COUNTED)


class ProjectTotal(Aggregate):
    """Totals of a project, without deltas that are not added yet; readers add those (tasks/totals.py)."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="total")


class ProjectDelta(Aggregate):
    """What one transaction changed in the totals of a project, until a job adds it to ProjectTotal."""

    # No foreign key: every transaction would take its KEY SHARE lock on the row of the project.
    project_id = models.BigIntegerField(db_index=True)
