"""Returned work: why it came back to its author, and what happens if the author will not do it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tasks import counters as task_counters
from tasks import events as task_events
from tasks.choices import AssignmentType, HistoryAction
from tasks.diff import Operation
from tasks.models import Annotation, History, Project, Task
from tasks.services import assignments, history, members
from tasks.services.assignments import Reassigned, assign
from tasks.sql import update_rows
from users.models import User

from . import counters
from .changed_since import changed_since
from .decisions.apply import reviewed_events
from .decisions.plan import last_version_of_author
from .models import Review


@dataclass(frozen=True)
class Returned:
    """Why an annotation came back: a reject with `requeue`, or a reopen, which has no verdict. `changes` is
    what others have changed in the author's last version."""

    review: int | None
    comment: str
    reason: str
    reject_action: str | None
    since: datetime
    rounds: int
    changes: list[Operation]


def why_returned(annotation: Annotation) -> Returned:
    own = last_version_of_author(annotation)
    about: dict[str, Any] = {
        "since": annotation.returned_at,
        "rounds": annotation.rounds,
        "changes": changed_since(annotation, own.pk).changes if own else [],
    }
    verdict = Review.objects.filter(pk=annotation.standing_review_id).first()
    if verdict:
        return Returned(verdict.pk, verdict.comment, verdict.reason, verdict.reject_action, **about)
    reopened = (
        History.objects.filter(annotation=annotation, action=HistoryAction.REOPENED).order_by("-id").first()
    )
    return Returned(None, reopened.comment if reopened else "", "", None, **about)


# --- giving it to somebody else -----------------------------------------------------------------------


def reassign(project: Project, person: User, *, to: User | None, actor: User) -> Reassigned:
    """Give everything that waits for `person` here to somebody, or to anyone (None): returned work, open
    assignments, leases and reservations.

    Returned work keeps its author, but frees its slot, and `to` is assigned its
    task, to make another annotation.
    """
    with transaction.atomic():
        if to is not None:
            members.require_active_member(to, project)
        returned = _into_pool(project, person, actor=actor)
        moved = assignments.reassign(project, person, to=to, actor=actor)
        moved.returned = len(returned)
        if to is not None:
            redone = [a.task for a in returned if not a.is_work_of(to)]
            assign(redone, [to], AssignmentType.ANNOTATOR, actor=actor)
        members.release(project, person, actor=actor)
    return moved


def _into_pool(project: Project, person: User, *, actor: User) -> list[Annotation]:
    waiting = Annotation.objects.present().filter(
        project=project, returned_to=person, returned_at__isnull=False
    )
    locked = Annotation.objects.select_related("project").lock(waiting.values_list("pk", flat=True))
    # While the locks were waited for, a row may have been reworked, undone or deleted.
    annotations = [a for a in locked if a.returned_to_id == person.pk and a.returned_at and not a.deleted_at]
    if not annotations:
        return []
    tasks = {task.pk: task for task in Task.objects.lock(a.task_id for a in annotations)}
    for annotation in annotations:
        annotation.task = tasks[annotation.task_id]
        annotation.returned_to = None
        annotation.annotation_seq += 1
    update_rows(annotations, ["returned_to", "annotation_seq"])
    details = {"returned": "to anyone", "instead_of": person.pk}
    History.objects.bulk_create(
        history.row(a, HistoryAction.UPDATED, actor, details=details) for a in annotations
    )
    _recount_and_emit(project, annotations, list(tasks.values()), actor)
    return annotations


def _recount_and_emit(
    project: Project, annotations: list[Annotation], tasks: list[Task], actor: User
) -> None:
    task_counters.recount(tasks)
    changes = counters.recount(tasks, actor=actor)
    for annotation in annotations:
        task_events.emit(
            task_events.ANNOTATION_TOUCHED,
            project,
            actor=actor,
            annotations=(annotation,),
            tasks=(annotation.task,),
        )
    task_events.emit_all(reviewed_events(project, changes, actor))
