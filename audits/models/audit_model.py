from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from users.models import User

from .base_model import BaseModel
from .dataset import MAX_SCALE, Comment, Dataset, Topic


class Kind(models.TextChoices):
    PERSONAL = "personal", "Personal"
    # A personal model with more labels of one topic.
    TOPIC = "topic", "Tuned for a topic"
    # Of the raters in the data set that match some filters, not of its owner.
    GROUP = "group", "Group"


class AuditModelQuerySet(models.QuerySet["AuditModel"]):
    def visible_to(self, user: User) -> Self:
        """Nobody sees the judgement of somebody else; nor one's own on a data set one may no longer see."""
        return self.filter(owner=user, dataset__in=Dataset.objects.visible_to(user))

    def lock(self, pk: int) -> Self:
        return self.filter(pk=pk).select_for_update(no_key=True, of=("self",))


class AuditModel(models.Model):
    """How somebody, or a group, would rate every comment of a data set."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="models")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PERSONAL)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="tuned")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, null=True, related_name="+")
    filters = models.JSONField(default=dict, help_text='{"gender": "female", "race": "asian"}')
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    if TYPE_CHECKING:
        owner_id: int
        dataset_id: int
        parent_id: int | None
        topic_id: int | None

    objects = AuditModelQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "dataset", "name"], name="audit_model_named_once"),
            models.CheckConstraint(name="audit_model_has_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="audit_model_fits_its_kind",
                condition=Q(kind=Kind.PERSONAL, parent=None, topic=None, filters={})
                | Q(kind=Kind.TOPIC, parent__isnull=False, topic__isnull=False, filters={})
                | (Q(kind=Kind.GROUP, parent=None, topic=None) & ~Q(filters={})),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OwnedQuerySet(models.QuerySet):
    """Of the rows that belong to a model."""

    def visible_to(self, user: User) -> Self:
        return self.filter(model__in=AuditModel.objects.visible_to(user))


class ServedComment(models.Model):
    """A comment was given to label, in batch number `batch`: it is not given again."""

    model = models.ForeignKey(AuditModel, on_delete=models.CASCADE, related_name="served")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="+")
    batch = models.PositiveIntegerField()
    served_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["model", "batch", "id"]
        constraints = [models.UniqueConstraint(fields=["model", "comment"], name="served_once")]

    def __str__(self) -> str:
        return f"{self.comment_id} in batch {self.batch}"


class Label(models.Model):
    """What the owner of a model says about a comment. Empty: unsure, which no model learns from."""

    model = models.ForeignKey(AuditModel, on_delete=models.CASCADE, related_name="labels")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="+")
    value = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now)

    if TYPE_CHECKING:
        model_id: int
        comment_id: int

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["model", "id"]
        constraints = [
            models.UniqueConstraint(fields=["model", "comment"], name="label_once"),
            models.CheckConstraint(
                name="label_in_range", condition=Q(value=None) | Q(value__range=(0, MAX_SCALE))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.comment_id}: {'unsure' if self.value is None else self.value}"


class VersionQuerySet(models.QuerySet["Version"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(model__in=AuditModel.objects.visible_to(user))


class VersionManager(models.Manager["Version"]):
    def get_queryset(self) -> VersionQuerySet:
        return VersionQuerySet(self.model, using=self._db).defer("artefact")


class Version(models.Model):
    """A model as it was fitted once: never changed. `fit_error` is how well it repeats the labels it was
    made of; `mae`, `rmse` and `avg_diff` are how far its predictions are from the system. Only the first is
    graded.
    """

    model = models.ForeignKey(AuditModel, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    base = models.ForeignKey(BaseModel, on_delete=models.RESTRICT, related_name="+")
    labels = models.PositiveIntegerField(help_text="How many it learned from.")
    unsure = models.PositiveIntegerField(default=0, help_text="How many were left out.")
    fit_error = models.FloatField()
    evaluated = models.PositiveIntegerField(
        default=0, help_text="On how many comments the next are measured."
    )
    mae = models.FloatField(null=True)
    rmse = models.FloatField(null=True)
    avg_diff = models.FloatField(null=True, help_text="Mean of prediction - system.")
    artefact = models.BinaryField(editable=False)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    if TYPE_CHECKING:
        model_id: int
        base_id: int

    objects = VersionManager.from_queryset(VersionQuerySet)()

    class Meta:
        ordering = ["model", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="version_once"),
            models.CheckConstraint(
                name="version_measured_or_not",
                condition=Q(evaluated=0, mae=None, rmse=None, avg_diff=None)
                | Q(evaluated__gt=0, mae__isnull=False, rmse__gte=F("mae") - 1e-9, avg_diff__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id}, version {self.number}"
