"""Creating, changing and deleting tasks and predictions."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from users.models import User
from users.sentences import sentence as _

from .. import counters, events, locks, totals
from ..choices import ActionType, HistoryAction
from ..concurrency import require_unchanged
from ..errors import Refused
from ..models import Annotation, History, Import, Prediction, Project, Task
from ..roles import may
from ..sql import update_rows
from . import history, repeats

# Of its tasks, and of those that imports in progress will write.
_LAST_INNER_ID = """
    SELECT greatest(
        (SELECT max(inner_id) FROM tasks_task WHERE project_id = %(project)s),
        (SELECT max(reserved_until) FROM tasks_import
         WHERE project_id = %(project)s AND reserved_until IS NOT NULL)
    )
"""


def lock_project_tasks(project: Project) -> None:
    """Until the transaction ends, others who add tasks to the project or change its settings wait.

    To be called before any task is locked.
    """
    locks.hold(locks.Lock.PROJECT_TASKS, project.pk)
    # Changing settings locks the row FOR NO KEY UPDATE, which waits for FOR SHARE.
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM tasks_project WHERE id = %s FOR SHARE", [project.pk])


def lock_sample(project: Project) -> None:
    """To be called before tasks are deleted: if the project has a review sample, it is drawn again."""
    if project.review_task_limit_percent < 100:
        lock_project_tasks(project)


def next_inner_ids(project: Project, count: int) -> range:
    """The next numbers within the project, whose tasks are locked until the transaction ends."""
    lock_project_tasks(project)
    with connection.cursor() as cursor:
        cursor.execute(_LAST_INNER_ID, {"project": project.pk})
        last = cursor.fetchone()[0] or 0
    return range(last + 1, last + 1 + count)


def reserve_inner_ids(record: Import, count: int) -> range:
    """Numbers for the tasks of an import, committed at once: others go on adding tasks while it is written.

    What it does not use is free again when it ends (`reserved_until` is empty then).
    """
    with transaction.atomic():
        numbers = next_inner_ids(record.project, count)
        record.reserved_until = numbers.stop - 1
        record.save(update_fields=["reserved_until"])
    return numbers


def create_many(
    project: Project, rows: Sequence[dict[str, Any]], *, actor: User, imported: Import | None = None
) -> list[Task]:
    """New tasks from `{data, meta?, unique_id?, external_id?, …}`."""
    with transaction.atomic():
        numbers = next_inner_ids(project, len(rows))
        tasks = [
            Task(
                project=project,
                inner_id=number,
                overlap=project.maximum_annotations,
                updated_by=actor,
                imported_by=imported,
                **row,
            )
            for number, row in zip(numbers, rows, strict=True)
        ]
        Task.objects.bulk_create(tasks, batch_size=2000)
        totals.add_new(tasks)
        events.emit(events.TASKS_CREATED, project, actor=actor, tasks=tuple(tasks))
    return tasks


def create(project: Project, *, actor: User, **fields: Any) -> Task:
    (task,) = create_many(project, [fields], actor=actor)
    return task


def create_once(
    project: Project, *, actor: User, unique_id: UUID | None = None, **fields: Any
) -> tuple[Task, bool]:
    """`create`, unless there is an equal task with this unique_id; and whether it is new."""
    if unique_id is None:
        return create(project, actor=actor, **fields), True
    return repeats.once(
        Task.objects.filter(project=project, unique_id=unique_id, deleted_at=None),
        lambda: create(project, actor=actor, unique_id=unique_id, **fields),
        is_same=lambda found: all(getattr(found, name) == value for name, value in fields.items()),
        actor=actor,
    )


def update(task_id: int, changes: dict[str, Any], *, actor: User, if_match: str | None = None) -> Task:
    """Change `data`, `meta`, `overlap`, `allow_skip` or `external_id`.

    New data outdates the task's verdicts. Raises Refused(stale) if `if_match` is of an older state.
    """
    with transaction.atomic():
        annotations, task = lock_with_annotations(task_id)
        require_unchanged(task, if_match)
        old = task.data
        for name, value in changes.items():
            setattr(task, name, value)
        counters.touch(task, actor)
        task.save(update_fields=[*changes, "updated_at", "updated_by"])
        if "overlap" in changes:
            counters.recount([task], actor=actor)
            events.emit(events.OVERLAP_CHANGED, task.project, actor=actor, tasks=(task,))
        if task.data != old:
            _note_data_change(task, annotations, old, actor)
    return task


def lock_with_annotations(task_id: int) -> tuple[list[Annotation], Task]:
    """Annotations before their task, as everywhere.

    If one was submitted between the two, release both and try again.
    """
    while True:
        # Rolling back to a savepoint also releases the locks taken since.
        before = transaction.savepoint()
        annotations = list(Annotation.objects.select_related("project").lock(_annotation_ids(task_id)))
        task = _locked(task_id)
        if {annotation.pk for annotation in annotations}.issuperset(_annotation_ids(task_id)):
            return annotations, task
        transaction.savepoint_rollback(before)


def lock_to_update(project: Project, task_ids: Iterable[int]) -> None:
    """Take every lock that changing these tasks and their annotations needs, in the usual order, so that they
    can be changed one by one in any order. To be called before any of them is locked."""
    wanted = set(task_ids)
    present = (
        Annotation.objects.filter(task__in=wanted, deleted_at=None).order_by().values_list("pk", flat=True)
    )
    lock_project_tasks(project)
    while True:
        before = transaction.savepoint()
        locked = {annotation.pk for annotation in Annotation.objects.lock(present).only("pk")}
        list(Task.objects.lock(wanted).only("pk"))
        if locked.issuperset(present):
            return
        transaction.savepoint_rollback(before)  # one was submitted between the two


def _annotation_ids(task_id: int) -> list[int]:
    return list(Annotation.objects.filter(task_id=task_id, deleted_at=None).values_list("pk", flat=True))


def lock_with_decided(task_ids: Iterable[int]) -> tuple[list[Annotation], list[Task]]:
    """These tasks, deleted or not, and before them their annotations with a standing verdict: who hears of
    the verdicts hears that they are gone, or back. Tries again as `lock_with_annotations` does."""
    wanted = set(task_ids)
    decided = Annotation.objects.filter(
        task__in=wanted, deleted_at=None, standing_review_id__isnull=False
    ).order_by()
    while True:
        before = transaction.savepoint()
        annotations = list(
            Annotation.objects.select_related("project").lock(decided.values_list("pk", flat=True))
        )
        tasks = {task.pk: task for task in Task.objects.select_related("project").lock(wanted)}
        if {a.pk for a in annotations}.issuperset(decided.values_list("pk", flat=True)):
            break
        transaction.savepoint_rollback(before)
    # Undone while the lock was waited for.
    annotations = [a for a in annotations if a.standing_review_id and a.deleted_at is None]
    for annotation in annotations:
        annotation.task = tasks[annotation.task_id]
    return annotations, list(tasks.values())


def raise_sequences(annotations: Sequence[Annotation]) -> None:
    """Of locked annotations: consumers drop an event whose number is not higher than the last."""
    for annotation in annotations:
        annotation.annotation_seq += 1
    update_rows(annotations, ["annotation_seq"])


def _note_data_change(task: Task, annotations: list[Annotation], old: Any, actor: User) -> None:
    if not annotations:
        return
    if not may(actor, "manage_project", task.project_id):
        raise Refused(
            "task_is_annotated",
            _("This task has annotations, so only a manager may change its data."),
            status=403,
        )
    for annotation in annotations:
        annotation.task = task
        annotation.annotation_seq += 1
        annotation.last_action = ActionType.UPDATED
        annotation.last_created_by = actor
    details = {"data": old}
    rows = [history.row(a, HistoryAction.DATA_CHANGED, actor, details=details) for a in annotations]
    for annotation, row in zip(annotations, History.objects.bulk_create(rows), strict=True):
        annotation.data_changed_row = row.pk
    update_rows(annotations, ["annotation_seq", "last_action", "last_created_by", "data_changed_row"])
    events.emit(
        events.TASK_DATA_CHANGED, task.project, actor=actor, tasks=(task,), annotations=tuple(annotations)
    )


def _locked(task_id: int) -> Task:
    task = Task.objects.select_related("project").lock([task_id]).first()
    if task is None or task.deleted_at is not None:
        raise Refused("not_found", _("This task no longer exists."), status=404)
    return task


def delete_many(
    project: Project, task_ids: Iterable[int], *, actor: User, if_match: str | None = None
) -> int:
    """Mark tasks deleted. Their annotations and reviews are kept, and hidden with them.

    Raises Refused(stale) if one of them is not in the state of `if_match`.
    """
    with transaction.atomic():
        lock_sample(project)
        of_project = Task.objects.filter(project=project, deleted_at=None, pk__in=set(task_ids))
        decided, locked = lock_with_decided(of_project.values_list("pk", flat=True))
        tasks = [task for task in locked if task.deleted_at is None]
        for task in tasks:
            require_unchanged(task, if_match)
        ids = {task.pk for task in tasks}
        decided = [annotation for annotation in decided if annotation.task_id in ids]
        raise_sequences(decided)
        with totals.totals_follow(tasks):
            for task in tasks:
                task.deleted_at = timezone.now()
            Task.objects.filter(pk__in=ids).update(
                deleted_at=timezone.now(), updated_at=timezone.now(), updated_by=actor
            )
        if tasks:
            about = {"tasks": tuple(tasks), "annotations": tuple(decided)}
            events.emit(events.TASKS_DELETED, project, actor=actor, **about)
    return len(tasks)


def save_prediction(
    task: Task, *, actor: User, prediction: Prediction | None = None, **fields: Any
) -> Prediction:
    with transaction.atomic():
        locked = _locked(task.pk)
        if prediction is None:
            prediction = Prediction.objects.create(task=locked, project=locked.project, **fields)
        else:
            prediction = _change_prediction(prediction.pk, fields)
        _recount_predictions([locked], actor)
    return prediction


def _change_prediction(prediction_id: int, fields: dict[str, Any]) -> Prediction:
    """Read under the lock of its task, which every change and deletion of a prediction takes."""
    prediction = Prediction.objects.filter(pk=prediction_id).first()
    if prediction is None:
        raise Refused("not_found", _("This prediction no longer exists."), status=404)
    for name, value in fields.items():
        setattr(prediction, name, value)
    prediction.save(update_fields=[*fields, "updated_at"])
    return prediction


def delete_predictions(
    project: Project, task_ids: Iterable[int], *, actor: User, model_version: str | None = None
) -> int:
    """Delete all predictions of these tasks permanently, or those of one model."""
    with transaction.atomic():
        tasks = [t for t in Task.objects.filter(project=project).lock(task_ids) if t.deleted_at is None]
        chosen = Prediction.objects.filter(task__in=tasks)
        if model_version is not None:
            chosen = chosen.filter(model_version=model_version)
        found, _ = chosen.delete()
        _recount_predictions(tasks, actor)
    return found


def save_predictions(rows: Sequence[dict[str, Any]], *, actor: User) -> int:
    """New predictions from `{task (id), result, score?, model_version?}`, in one transaction."""
    with transaction.atomic():
        locked = {
            task.pk: task for task in Task.objects.select_related("project").lock(row["task"] for row in rows)
        }
        made = [
            Prediction(**(row | {"task": locked[row["task"]], "project": locked[row["task"]].project}))
            for row in rows
        ]
        Prediction.objects.bulk_create(made, batch_size=2000)
        _recount_predictions(list(locked.values()), actor)
    return len(made)


def delete_prediction(prediction: Prediction, *, actor: User) -> None:
    with transaction.atomic():
        task = _locked(prediction.task_id)
        prediction.delete()
        _recount_predictions([task], actor)


def _recount_predictions(tasks: list[Task], actor: User) -> None:
    """Of locked tasks of one project."""
    before = {task.pk: task.lowest_score for task in tasks}
    counters.recount(tasks, actor=actor)
    if changed := tuple(task for task in tasks if task.lowest_score != before[task.pk]):
        events.emit(events.PREDICTIONS_CHANGED, changed[0].project, actor=actor, tasks=changed)
