"""Actions that put a project in order: annotations from predictions, duplicates, ground truth marks."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from tasks.errors import Refused
from tasks.models import Annotation, Prediction
from tasks.services import annotations, duplicates, ground_truth

from .action_base import Job, chunked, said

TAKEN_AT_ONCE = 1000  # predictions, with their results


def predictions_to_annotations(job: Job) -> dict[str, Any]:
    """One annotation of the actor's for each prediction that none was made from yet; all of them or none."""
    versions = _versions(job.body.get("model_version"))
    with transaction.atomic():
        count = sum(len(annotations.submit_many(some, actor=job.actor)) for some in _work_from(job, versions))
    return said(count, "Created annotations")


def _versions(sent: Any) -> list[str] | None:
    named = [sent] if isinstance(sent, str) else sent
    if named is None or isinstance(named, list) and all(isinstance(one, str) for one in named):
        return named or None
    raise Refused(
        "invalid", "model_version is the name of a model, or a list of names.", field="model_version"
    )


def _work_from(job: Job, versions: list[str] | None) -> Iterator[list[tuple[Any, annotations.Work]]]:
    for some in chunked(job.task_ids):
        ids = list(_unused(some, versions).values_list("pk", flat=True))
        for start in range(0, len(ids), TAKEN_AT_ONCE):
            rows = (
                Prediction.objects.select_related("task").in_bulk(ids[start : start + TAKEN_AT_ONCE]).values()
            )
            yield [
                (row.task, annotations.Work(result=row.result, parent_prediction_id=row.pk)) for row in rows
            ]


def _unused(task_ids: list[int], versions: list[str] | None) -> QuerySet[Prediction]:
    made = Annotation.objects.filter(parent_prediction=OuterRef("pk"), deleted_at=None)
    found = Prediction.objects.filter(~Exists(made), task__in=task_ids).order_by("pk")
    return found if versions is None else found.filter(model_version__in=versions)


def remove_duplicates(job: Job) -> dict[str, Any]:
    """Unlike Label Studio nothing moves from task to task: a verdict stands on what its reviewer saw."""
    removed, kept = duplicates.remove_copies(job.project, job.task_ids, actor=job.actor)
    return said(removed, "Removed duplicates", refused={"worked_on": kept} if kept else {}, reload=True)


def delete_ground_truths(job: Job) -> dict[str, Any]:
    count = 0
    for some in chunked(job.task_ids):
        marked = Annotation.objects.visible_to(job.actor).filter(task_id__in=some, ground_truth=True)
        count += ground_truth.unmark_many(list(marked.values_list("pk", flat=True)), actor=job.actor)
    return said(count, "No ground truth any more")
