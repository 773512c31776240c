import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from tasks.models import Project
from tasks.querysets import within
from users.capabilities import role_can
from users.models import User

from ..settings_of_datasets import default_bins, validate_bins, validate_names

MAX_SCALE = 10
OUTLIERS = -1  # the number of the topic of comments that belong to none


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, user: User) -> Self:
        """Of a project: its members. Without a project: everybody who is signed in.

        docs/decisions/041-who-sees-an-audit-data-set.md
        """
        if not user.is_active:
            return self.none()
        return self.filter(Q(project=None) | Q(within(user, "view_project"), project__deleted_at=None))

    def managed_by(self, user: User) -> Self:
        """Those whose settings `user` may change."""
        managed = Q(within(user, "manage_project"), project__isnull=False, project__deleted_at=None)
        if role_can(user.role_on_site, "manage_site"):
            managed |= Q(project=None)
        return self.filter(managed)


class Dataset(models.Model):
    """A system under audit: its ratings of many comments, and those of people."""

    title = models.CharField(max_length=200)
    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="audit_datasets",
        help_text="Its members may audit. Empty: everybody who is signed in.",
    )
    description = models.TextField(blank=True)
    content_warning = models.TextField(blank=True, help_text="Shown before the first comment, as plain text.")
    # Numbers and names, changed by a lead.
    scale_max = models.PositiveSmallIntegerField(
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SCALE)],
        help_text="Ratings go from 0, not at all toxic, to this.",
    )
    threshold = models.FloatField(default=2.0, help_text="A comment is toxic at this rating and above.")
    label_bins = models.JSONField(
        default=default_bins,
        validators=[validate_bins],
        help_text='How many comments to label, by the system\'s rating: [{"from": 0, "to": 0.5, "n": 2}, …]',
    )
    min_labels = models.PositiveSmallIntegerField(default=10, help_text="Fewer do not make a model.")
    good_below = models.FloatField(default=1.0, help_text="Fit errors below this are good.")
    okay_below = models.FloatField(default=1.2, help_text="Fit errors below this are okay.")
    min_topic_comments = models.PositiveIntegerField(
        default=30, help_text="Topics with fewer comments are not suggested."
    )
    min_tuning_comments = models.PositiveIntegerField(
        default=150, help_text="Topics with fewer comments get no model of their own."
    )
    min_group = models.PositiveIntegerField(
        default=5,
        validators=[MinValueValidator(2)],
        help_text="The size of smaller groups is not told, and they get no model.",
    )
    harm_share = models.FloatField(
        default=0.3, help_text="A comment is in a harm category if more than this share of raters say so."
    )
    harms = models.JSONField(
        default=list, blank=True, validators=[validate_names], help_text='["insult", "threat"]'
    )
    # How the register names the system.
    developers = models.JSONField(default=list, blank=True, validators=[validate_names])
    deployers = models.JSONField(default=list, blank=True, validators=[validate_names])
    artifact_name = models.CharField(max_length=200, blank=True)
    artifact_type = models.CharField(max_length=40, default="System", blank=True)
    # Another value whenever comments or topics change: what was computed from them is computed again.
    revision = models.UUIDField(default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    if TYPE_CHECKING:
        project_id: int | None
        created_by_id: int

    objects = DatasetQuerySet.as_manager()

    class Meta:
        verbose_name = "data set"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="dataset_scale_in_range", condition=Q(scale_max__range=(1, MAX_SCALE))
            ),
            models.CheckConstraint(
                name="dataset_threshold_on_scale",
                condition=Q(threshold__gt=0, threshold__lte=F("scale_max")),
            ),
            models.CheckConstraint(
                name="dataset_bands_in_order", condition=Q(good_below__gt=0, okay_below__gte=F("good_below"))
            ),
            models.CheckConstraint(
                name="dataset_harm_share_is_one", condition=Q(harm_share__gte=0, harm_share__lt=1)
            ),
            models.CheckConstraint(name="dataset_groups_are_no_persons", condition=Q(min_group__gte=2)),
            models.CheckConstraint(name="dataset_labels_needed", condition=Q(min_labels__gte=2)),
        ]

    def __str__(self) -> str:
        return self.title


class Topic(models.Model):
    """What some comments of a data set are about. Number -1 are the outliers."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="topics")
    number = models.IntegerField()
    label = models.CharField(max_length=200)
    is_junk = models.BooleanField(default=False, help_text="Never suggested; always so for outliers.")

    if TYPE_CHECKING:
        dataset_id: int

    class Meta:
        ordering = ["dataset", "number"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="topic_once"),
            models.CheckConstraint(name="topic_numbered_from_outliers", condition=Q(number__gte=OUTLIERS)),
            models.CheckConstraint(
                name="topic_of_outliers_is_junk", condition=~Q(number=OUTLIERS) | Q(is_junk=True)
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Comment(models.Model):
    """Something that somebody wrote, and how the system under audit rates it."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="comments")
    external_id = models.CharField(max_length=100)
    text = models.TextField()
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="comments")
    system = models.FloatField("system rating")
    harms = models.JSONField(
        default=dict, help_text='The share of raters who see each harm: {"insult": 0.4, "threat": 0}'
    )
    is_evaluated = models.BooleanField(
        default=False, help_text="Whether the disagreement of a model is measured on it."
    )

    if TYPE_CHECKING:
        dataset_id: int
        topic_id: int

    class Meta:
        ordering = ["dataset", "id"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "external_id"], name="comment_once"),
            models.CheckConstraint(name="comment_rating_in_range", condition=Q(system__range=(0, MAX_SCALE))),
        ]

    def __str__(self) -> str:
        return self.external_id


class Rater(models.Model):
    """A person whose ratings the data set came with, and what they said about themselves. Not a user."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="raters")
    external_id = models.CharField(max_length=100)
    gender = models.CharField(max_length=60, blank=True)
    politics = models.CharField(max_length=60, blank=True)
    religion = models.CharField(max_length=60, blank=True)
    lgbtq = models.CharField("LGBTQ+", max_length=60, blank=True)
    races = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    if TYPE_CHECKING:
        dataset_id: int

    class Meta:
        ordering = ["dataset", "id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "external_id"], name="rater_once")]

    def __str__(self) -> str:
        return self.external_id


class Rating(models.Model):
    """How toxic one rater finds one comment."""

    rater = models.ForeignKey(Rater, on_delete=models.CASCADE, related_name="ratings")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="ratings")
    value = models.PositiveSmallIntegerField()

    if TYPE_CHECKING:
        rater_id: int
        comment_id: int

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rater", "comment"], name="rating_once"),
            models.CheckConstraint(name="rating_in_range", condition=Q(value__range=(0, MAX_SCALE))),
        ]

    def __str__(self) -> str:
        return f"{self.rater_id} on {self.comment_id}: {self.value}"
