"""Returned work that its author will not do: it goes to the pool, and what else waited on that person to
somebody else."""

from django.db import transaction

from tasks import counters as task_counters
from tasks import events as task_events
from tasks.choices import AssignmentType, HistoryAction
from tasks.models import Annotation, History, Project, Task
from tasks.services import assignments, history, members
from tasks.services.assignments import Reassigned, assign
from tasks.sql import update_rows
from users.models import User

from . import counters
from .decisions.apply import reviewed_events


def reassign(project: Project, person: User, *, to: User | None, actor: User) -> Reassigned:
    """What waits on `person` here: returned work, open assignments, what they hold. To somebody, or to
    nobody: the pool.

    Work stays under its author's name. Returned work frees its slot, and `to` is assigned the task to
    annotate it anew.
    """
    with transaction.atomic():
        if to is not None:
            members.require_active_member(to, project)
        returned = _into_pool(project, person, actor=actor)
        moved = assignments.reassign(project, person, to=to)
        moved.returned = len(returned)
        if to is not None:
            assign([a.task for a in returned if not a.is_work_of(to)], [to], AssignmentType.ANNOTATOR)
        members.release(project, person, actor=actor)
    return moved


def _into_pool(project: Project, person: User, *, actor: User) -> list[Annotation]:
    waiting = Annotation.objects.present().filter(
        project=project, returned_to=person, returned_at__isnull=False
    )
    locked = Annotation.objects.select_related("project").lock(waiting.values_list("pk", flat=True))
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
    _count_and_tell(project, annotations, list(tasks.values()), actor)
    return annotations


def _count_and_tell(project: Project, annotations: list[Annotation], tasks: list[Task], actor: User) -> None:
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
