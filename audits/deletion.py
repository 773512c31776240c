"""Deleting a data set with all that was made of it, some statements whatever its size."""

from typing import Any

from django.db import models, transaction

from jobs.progress import Progress, no_progress
from users.models import User

from . import datasets
from .models import (
    AuditModel,
    BaseModel,
    Comment,
    Dataset,
    Evidence,
    Label,
    Rater,
    Rating,
    Report,
    Revision,
    ServedComment,
    Submission,
    Topic,
    Version,
)

# Rows before those they refer to, each with the path to its data set.
ORDER: tuple[tuple[type[models.Model], str], ...] = (
    (Submission, "revision__report__model__dataset"),
    (Revision, "report__model__dataset"),
    (Evidence, "report__model__dataset"),
    (Report, "model__dataset"),
    (Version, "model__dataset"),
    (Label, "model__dataset"),
    (ServedComment, "model__dataset"),
    (AuditModel, "dataset"),
    (BaseModel, "dataset"),
    (Rating, "comment__dataset"),
    (Comment, "dataset"),
    (Rater, "dataset"),
    (Topic, "dataset"),
    (Dataset, "pk"),
)


def delete(dataset: Dataset, *, actor: User, progress: Progress = no_progress) -> dict[str, int]:
    """How many rows of each kind. (`Dataset.delete()` would read every row first.)"""
    deleted = {}
    with transaction.atomic():
        datasets.locked(dataset.pk, actor)
        # Nobody begins or labels a model meanwhile: their rows would refer to what is gone.
        list(Dataset.objects.filter(pk=dataset.pk).select_for_update(of=("self",)).values_list("pk"))
        list(
            AuditModel.objects.filter(dataset=dataset.pk).order_by("pk").select_for_update().values_list("pk")
        )
        for number, (model, path) in enumerate(ORDER):
            name = str(model._meta.verbose_name_plural)
            progress(number, len(ORDER), f"Deleting {name}")
            deleted[name] = _delete(model, path, dataset)
    return deleted


def _delete(model: type[models.Model], path: str, dataset: Dataset) -> int:
    rows: Any = model._base_manager.filter(**{path: dataset.pk})
    return rows._raw_delete(rows.db)


def counts(dataset: Dataset) -> dict[str, int]:
    """What would be deleted of the work of people, and what they sent to the register."""
    found = {"models": AuditModel, "reports": Report, "submissions": Submission}
    paths = dict(ORDER)
    return {
        name: model._base_manager.filter(**{paths[model]: dataset.pk}).count()
        for name, model in found.items()
    }
