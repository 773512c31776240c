"""Closing a task without an answer: it leaves the label stream, the review queue and the inboxes.

Can be undone.
"""

from django.db import transaction
from django.utils import timezone

from users.models import User
from users.sentences import sentence as _

from .. import counters, events
from ..choices import HistoryAction
from ..errors import Refused
from ..models import Annotation, History, Reservation, Task
from ..sql import update_rows
from . import history
from .tasks import lock_with_annotations


def close(task_id: int, *, reason: str, actor: User) -> Task:
    """Annotations and reviews stay as they are. A task that is closed already stays as it is."""
    if not reason.strip():
        raise Refused(
            "because_required", _("Say why this task is closed without an answer."), field="because"
        )
    with transaction.atomic():
        annotations, task = lock_with_annotations(task_id)
        if task.closed_at is None:
            task.closed_at, task.closed_by, task.closed_because = timezone.now(), actor, reason.strip()
            Reservation.objects.filter(task=task).delete()
            _save(
                task,
                annotations,
                events.TASK_CLOSED,
                {"task": "closed", "because": task.closed_because},
                actor,
            )
    return task


def open_again(task_id: int, *, actor: User) -> Task:
    with transaction.atomic():
        annotations, task = lock_with_annotations(task_id)
        if task.closed_at is not None:
            task.closed_at, task.closed_by, task.closed_because = None, None, ""
            _save(task, annotations, events.TASK_OPENED, {"task": "open again"}, actor)
    return task


def _save(task: Task, annotations: list[Annotation], kind: str, details: dict[str, str], actor: User) -> None:
    counters.touch(task, actor)
    task.save(update_fields=["closed_at", "closed_by", "closed_because", "updated_at", "updated_by"])
    # Whether its task is open decides what may be done with an annotation, so its ETag has to change.
    for annotation in annotations:
        annotation.task = task
        annotation.annotation_seq += 1
    update_rows(annotations, ["annotation_seq"])
    History.objects.bulk_create(
        history.row(a, HistoryAction.UPDATED, actor, details=details) for a in annotations
    )
    about = {"actor": actor, "tasks": (task,), "annotations": tuple(annotations)}
    if annotations:
        events.emit(events.ANNOTATION_TOUCHED, task.project, **about)
    events.emit(kind, task.project, **about)
