"""Actions that clean up a project: annotations from predictions, duplicates, ground truth marks."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from tasks.errors import Refused
from tasks.models import Annotation, Prediction, Task
from tasks.results import malformed_part
from tasks.services import annotations, cleanup
from users.sentences import sentence as _

from .action_base import Answer, Call, answer, chunked

PREDICTIONS_AT_ONCE = 1000  # each is read with its result


def predictions_to_annotations(call: Call) -> Answer:
    """One annotation by the actor for each prediction that was not used for one yet; all of them or none."""
    versions = _model_versions(call.body.get("model_version"))
    count = malformed = 0
    with transaction.atomic():
        for rows in _unused_predictions(call, versions):
            usable = [row for row in rows if malformed_part(row.result) is None]
            malformed += len(rows) - len(usable)
            if usable:
                count += len(annotations.submit_many(map(_as_work, usable), actor=call.actor))
    refused = {"malformed_result": malformed} if malformed else {}
    return answer(count, "Created annotations", refused=refused)


def _as_work(prediction: Prediction) -> tuple[Task, annotations.Work]:
    return prediction.task, annotations.Work(result=prediction.result, parent_prediction_id=prediction.pk)


def _model_versions(sent: Any) -> list[str] | None:
    named = [sent] if isinstance(sent, str) else sent
    if named is None or isinstance(named, list) and all(isinstance(one, str) for one in named):
        return named or None
    raise Refused(
        "invalid", _("model_version is the name of a model, or a list of names."), field="model_version"
    )


def _unused_predictions(call: Call, versions: list[str] | None) -> Iterator[list[Prediction]]:
    for some in chunked(call.task_ids):
        ids = list(_unused(some, versions).values_list("pk", flat=True))
        for start in range(0, len(ids), PREDICTIONS_AT_ONCE):
            rows = Prediction.objects.select_related("task").in_bulk(ids[start : start + PREDICTIONS_AT_ONCE])
            yield list(rows.values())


def _unused(task_ids: list[int], versions: list[str] | None) -> QuerySet[Prediction]:
    made = Annotation.objects.filter(parent_prediction=OuterRef("pk"), deleted_at=None)
    found = Prediction.objects.filter(~Exists(made), task__in=task_ids).order_by("pk")
    return found if versions is None else found.filter(model_version__in=versions)


def remove_duplicates(call: Call) -> Answer:
    """Label Studio moves annotations to the copy it keeps.

    Here a verdict stays on the task its reviewer saw.
    """
    removed, kept = cleanup.delete_duplicates(call.project, call.task_ids, actor=call.actor)
    refused = {"worked_on": kept} if kept else {}
    return answer(removed, "Removed duplicates", refused=refused, reload=True)


def delete_ground_truths(call: Call) -> Answer:
    count = 0
    for some in chunked(call.task_ids):
        marked = Annotation.objects.visible_to(call.actor).filter(task_id__in=some, ground_truth=True)
        count += cleanup.unmark_ground_truth(list(marked.values_list("pk", flat=True)), actor=call.actor)
    return answer(count, "Removed ground truth marks")
