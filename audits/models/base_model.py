from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from users.models import User

from ..maths.base_fit import Algorithm
from .dataset import Dataset


class BaseState(models.TextChoices):
    FITTING = "fitting", "Being fitted"
    FITTED = "fitted", "Fitted"
    FAILED = "failed", "Failed"


class BaseModelQuerySet(models.QuerySet["BaseModel"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(dataset__in=Dataset.objects.visible_to(user))

    def fitted(self) -> Self:
        return self.filter(state=BaseState.FITTED)


class BaseManager(models.Manager["BaseModel"]):
    def get_queryset(self) -> BaseModelQuerySet:
        # Megabytes, read by one function.
        return BaseModelQuerySet(self.model, using=self._db).defer("artefact")


class BaseModel(models.Model):
    """What all ratings of a data set say: how harsh each comment is. The newest fitted one is used."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="base_models")
    algorithm = models.CharField(max_length=10, choices=[(name.value, name.value) for name in Algorithm])
    seed = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=7, choices=BaseState, default=BaseState.FITTING)
    parameters = models.JSONField(default=dict, help_text="Of the algorithm.")
    ratings = models.PositiveBigIntegerField(default=0, help_text="How many it was fitted to.")
    seconds = models.FloatField(null=True, help_text="How long the fit took.")
    metrics = models.JSONField(null=True, help_text="On raters held out, and the verdict on topic factors.")
    uses_topic_factors = models.BooleanField(default=False)
    artefact = models.BinaryField(null=True, editable=False)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the artefact.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    fitted_at = models.DateTimeField(null=True)

    if TYPE_CHECKING:
        dataset_id: int
        created_by_id: int

    objects = BaseManager.from_queryset(BaseModelQuerySet)()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="base_fitted_has_artefact",
                condition=Q(state=BaseState.FITTED, artefact__isnull=False, fitted_at__isnull=False)
                & ~Q(sha256="")
                | Q(
                    state__in=[BaseState.FITTING, BaseState.FAILED], artefact=None, sha256="", fitted_at=None
                ),
            ),
            # Two at once would race to be the newest.
            models.UniqueConstraint(
                fields=["dataset"], name="base_one_fit_at_a_time", condition=Q(state=BaseState.FITTING)
            ),
        ]

    def __str__(self) -> str:
        return f"Base model {self.pk}"
