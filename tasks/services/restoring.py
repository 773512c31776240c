"""Restoring what was deleted, within 30 days. What was deleted separately stays deleted."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from users.models import User
from users.sentences import sentence as _

from .. import counters, events
from ..choices import HistoryAction
from ..errors import Refused
from ..models import Annotation, Project, Task
from ..roles import may
from ..totals import totals_follow
from . import history
from .tasks import lock_with_decided, raise_sequences

RESTORABLE = timedelta(days=30)


def restore_project(project_id: int, *, actor: User) -> Project:
    with transaction.atomic():
        project = Project.objects.select_for_update(no_key=True, of=("self",)).filter(pk=project_id).first()
        if project is None:
            raise _unknown()
        _refuse(project, project, actor)
        project.deleted_at = None
        project.save(update_fields=["deleted_at", "updated_at"])
        events.emit(events.PROJECT_CREATED, project, actor=actor)
    return project


def restore_tasks(task_ids: Iterable[int], *, actor: User) -> list[Task]:
    """Tasks of one project, with their annotations. All of them or none."""
    wanted = set(task_ids)
    with transaction.atomic():
        decided, tasks = lock_with_decided(wanted)
        if len(tasks) < len(wanted) or any(task.is_staged for task in tasks):
            raise _unknown()
        for task in tasks:
            _refuse(task, task.project, actor)
            _refuse_deleted_parent(task.project, "project")
        _refuse_taken_names(tasks)
        with totals_follow(tasks):
            for task in tasks:
                task.deleted_at = None
                task.updated_at, task.updated_by = timezone.now(), actor
                task.save(update_fields=["deleted_at", "updated_at", "updated_by"])
        _recount(tasks, actor)
        _tell_verdicts(decided, tasks, actor)
    return tasks


def _tell_verdicts(decided: list[Annotation], tasks: list[Task], actor: User) -> None:
    """They were withdrawn, for consumers, when the tasks were deleted."""
    raise_sequences(decided)
    for annotation in decided:
        events.emit(
            events.ANNOTATION_TOUCHED,
            annotation.project,
            actor=actor,
            tasks=(annotation.task,),
            annotations=(annotation,),
        )
    if tasks:
        events.emit(events.TASKS_RESTORED, tasks[0].project, actor=actor, tasks=tuple(tasks))


def _recount(tasks: list[Task], actor: User) -> None:
    """Settings of the project may have changed meanwhile."""
    if tasks:
        counters.recount(tasks, actor=actor)
        about = {"actor": actor, "tasks": tuple(tasks)}
        events.emit(events.OVERLAP_CHANGED, tasks[0].project, **about)
        events.emit(events.TASKS_CREATED, tasks[0].project, **about)


def restore_annotation(annotation_id: int, *, actor: User) -> Annotation:
    """As it was, but without a verdict: that was withdrawn by the deletion, and is in the history. One that
    its author turned back into a draft is submitted again, as it was."""
    with transaction.atomic():
        annotation = Annotation.objects.select_related("project").lock([annotation_id]).first()
        if annotation is None:
            raise _unknown()
        if annotation.is_draft and annotation.deleted_at is None:
            return _submit_again(annotation, actor)
        # The annotation before its task, as everywhere (tasks/locks.py).
        task = Task.objects.select_related("project").lock([annotation.task_id]).get()
        if task.is_staged:
            raise _unknown()
        _refuse(annotation, annotation.project, actor)
        _refuse_deleted_parent(annotation.project, "project")
        _refuse_deleted_parent(task, "task")
        if Annotation.objects.filter(
            project=annotation.project, unique_id=annotation.unique_id, deleted_at=None
        ).exists():
            raise _taken("annotation", "unique_id")
        annotation.task = task
        annotation.deleted_at = None
        annotation.annotation_seq += 1
        annotation.save(update_fields=["deleted_at", "annotation_seq"])
        history.record(annotation, HistoryAction.RESTORED, actor)
        counters.recount([task], actor=actor)
        events.emit(
            events.ANNOTATION_RESTORED,
            annotation.project,
            actor=actor,
            tasks=(task,),
            annotations=(annotation,),
        )
    return annotation


def _submit_again(annotation: Annotation, actor: User) -> Annotation:
    _require_manager(annotation, annotation.project, actor)
    task = Task.objects.select_related("project").lock([annotation.task_id]).get()
    _refuse_deleted_parent(annotation.project, "project")
    _refuse_deleted_parent(task, "task")
    annotation.task = task
    annotation.is_draft = False
    annotation.annotation_seq += 1
    annotation.save(update_fields=["is_draft", "annotation_seq"])
    history.record(annotation, HistoryAction.RESTORED, actor)
    counters.recount([task], actor=actor)
    events.emit(
        events.ANNOTATION_TOUCHED,
        annotation.project,
        actor=actor,
        tasks=(task,),
        annotations=(annotation,),
        detail={"changed": ["is_draft"]},
    )
    return annotation


def _refuse(row: Project | Task | Annotation, project: Project, actor: User) -> None:
    """404 if not visible; refused if it is not deleted, or was deleted too long ago."""
    _require_manager(row, project, actor)
    if row.deleted_at is None:
        raise Refused("not_deleted", _("This is not deleted, so there is nothing to restore."))
    if row.deleted_at < timezone.now() - RESTORABLE:
        raise Refused(
            "too_late",
            _("This was deleted more than %(days)s days ago and cannot be restored.", days=RESTORABLE.days),
        )


def _require_manager(row: Project | Task | Annotation, project: Project, actor: User) -> None:
    is_others = isinstance(row, Annotation) and row.completed_by_id != actor.pk
    if not may(actor, "view_all_annotations" if is_others else "view_project", project):
        raise _unknown()
    if not may(actor, "manage_project", project):
        raise Refused(
            "permission_denied", _("Only a manager of the project can restore what was deleted."), status=403
        )


def _unknown() -> Refused:
    return Refused("not_found", _("Not found."), status=404)


def _refuse_deleted_parent(parent: Project | Task, what: str) -> None:
    if parent.deleted_at:
        raise Refused(
            "parent_deleted", _("The %(what)s it belongs to is deleted. Restore that first.", what=what)
        )


def _refuse_taken_names(tasks: list[Task]) -> None:
    """Another task may have got the same unique_id or external_id since."""
    if not tasks:
        return
    present = Task.objects.filter(project=tasks[0].project, deleted_at=None)
    for name in ("unique_id", "external_id"):
        named = [getattr(task, name) for task in tasks if getattr(task, name)]
        if present.filter(**{f"{name}__in": named}).exists():
            raise _taken("task", name)


def _taken(what: str, name: str) -> Refused:
    return Refused(
        "name_taken",
        _("Another %(what)s has the same %(name)s now. Delete that one first.", what=what, name=name),
        field=name,
    )
