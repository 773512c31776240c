from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tasks.models import Project
from tasks.querysets import within
from users.models import User

from ..rubric import built_in, validate_rubric

MAX_TARGET = 50
SLUG = RegexValidator(
    r"\A[a-z0-9][a-z0-9-]{1,62}\Z",
    "2 to 63 lowercase letters, digits and hyphens, not starting with a hyphen.",
)
# What the hub takes: no "--" or "..", not ending in ".git".
REPOSITORY = RegexValidator(
    r"\A(?!.*(?:--|\.\.))(?!.*\.git\Z)[A-Za-z0-9]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
    r"/[A-Za-z0-9_]([A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?\Z",
    "owner/name: letters, digits, single hyphens, dots and underscores.",
)


class CampaignState(models.TextChoices):
    RUNNING = "running", "Running"
    # Nothing new is handed out; what people have in hand can still be submitted.
    PAUSED = "paused", "Paused"
    CLOSED = "closed", "Closed"


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def visible_to(self, user: User) -> Self:
        """Campaigns of the projects that `user` manages."""
        return self.filter(within(user, "manage_project"), project__deleted_at=None)

    def public(self) -> Self:
        return self.filter(project__deleted_at=None)

    def locked(self) -> Self:
        """For whoever changes what it wants of its items: before its participations, items and slots."""
        return self.select_related("project").select_for_update(no_key=True, of=("self",))


class Campaign(models.Model):
    """One public link, and what the people who open it are asked."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="crowd_campaigns")
    slug = models.CharField(
        max_length=63, unique=True, validators=[SLUG], help_text="Its address: /c/<slug>/review"
    )
    title = models.CharField(max_length=200)
    instructions = models.TextField(blank=True, help_text="Shown above the questions, as plain text.")
    notice = models.TextField(
        blank=True, help_text="Content policy: what reviewers may see. Shown on the page, never in its way."
    )
    rubric = models.JSONField(default=built_in, validators=[validate_rubric])
    target = models.PositiveSmallIntegerField(
        "reviews per item",
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_TARGET)],
        help_text="How many different people review each item.",
    )
    state = models.CharField(max_length=7, choices=CampaignState, default=CampaignState.RUNNING)
    is_default = models.BooleanField(
        default=False, help_text="Also at /review, /stats and /healthz of this site."
    )
    link_key = models.CharField(
        max_length=32,
        blank=True,
        help_text="If set, only the link that has it opens the campaign. A new key revokes earlier links.",
    )
    link_expires_at = models.DateTimeField(null=True, blank=True)
    per_person = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="The most items one person may review.",
    )
    lease_seconds = models.PositiveIntegerField(
        default=900,
        validators=[MinValueValidator(1)],
        help_text="How long an item is reserved for the person who has it open.",
    )
    min_seconds = models.PositiveIntegerField(
        default=5, help_text="Reviews faster than this are flagged, not refused."
    )
    stop_when_certain = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.5), MaxValueValidator(0.9999)],
        help_text="Stop asking about an item once its outcome is at least this probable, for example 0.95.",
    )
    # Rises when slots are added: what people know of slots (Participation.searched_…) is then out of date.
    slots_edition = models.PositiveIntegerField(default=0, editable=False)
    # Where remote images and videos of the items come from: they fill the page's content policy.
    media_origins = models.JSONField(default=list, blank=True, editable=False)
    hub_repo = models.CharField(
        "dataset repository",
        max_length=200,
        blank=True,
        validators=[REPOSITORY],
        help_text="Where reviews are pushed to: owner/name",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)

    if TYPE_CHECKING:
        project_id: int
        created_by_id: int

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], name="campaign_one_default", condition=Q(is_default=True)
            ),
            models.CheckConstraint(
                name="campaign_target_in_range", condition=Q(target__range=(1, MAX_TARGET))
            ),
            models.CheckConstraint(name="campaign_state_known", condition=Q(state__in=CampaignState.values)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def path(self) -> str:
        return f"/c/{self.slug}/"


class CampaignCount(models.Model):
    """Part of a campaign's totals. Each change adds to one of a few rows, so that submissions do not wait for
    each other; a total is the sum of the rows."""

    SHARDS = 16
    COUNTED = ("items", "done", "reviews", "reviewers")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="counts")
    shard = models.PositiveSmallIntegerField()
    items = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    reviews = models.BigIntegerField(default=0)
    reviewers = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "shard"], name="campaign_count_once")]

    def __str__(self) -> str:
        return f"Counts of {self.campaign_id}, part {self.shard}"
