"""Cleaning up a project: deleting duplicates or an import, and removing ground truth marks."""

from collections.abc import Iterable

from django.db import connection, transaction
from django.utils import timezone

from users.models import User
from users.sentences import sentence as _

from .. import counters, events
from ..errors import Refused
from ..models import Annotation, Draft, History, Import, Project, Task
from ..sql import update_rows
from . import tasks

# Of each set of tasks with equal data, the first to keep: one with work on it, then the one with most
# predictions, then by id.
_DUPLICATES = """
    WITH chosen AS (
        SELECT t.id, t.data, t.total_predictions,
            EXISTS (SELECT 1 FROM tasks_annotation a WHERE a.task_id = t.id AND a.deleted_at IS NULL)
            OR EXISTS (SELECT 1 FROM tasks_draft d WHERE d.task_id = t.id)
            OR EXISTS (SELECT 1 FROM tasks_assignment s WHERE s.task_id = t.id)
            OR t.comment_count > 0 AS worked_on
        FROM tasks_task t WHERE t.id = ANY(%s)
    ), ranked AS (
        SELECT id, worked_on,
            row_number() OVER (PARTITION BY data ORDER BY worked_on DESC, total_predictions DESC, id) AS place
        FROM chosen
    )
    SELECT id, worked_on FROM ranked WHERE place > 1
"""


def delete_duplicates(project: Project, task_ids: Iterable[int], *, actor: User) -> tuple[int, int]:
    """Of these tasks, delete those with the same data as another one.

    Returns (deleted, kept because of work on them).
    """
    with transaction.atomic():
        # Before the tasks are locked: `delete_many` takes the same lock.
        tasks.lock_sample(project)
        locked = Task.objects.filter(project=project, deleted_at=None).lock(task_ids)
        duplicates = _duplicates(list(locked.values_list("pk", flat=True)))
        idle = [pk for pk, worked_on in duplicates if not worked_on]
        return tasks.delete_many(project, idle, actor=actor), len(duplicates) - len(idle)


def _duplicates(task_ids: list[int]) -> list[tuple[int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_DUPLICATES, [task_ids])
        return cursor.fetchall()


def delete_import(record: Import, *, actor: User, force: bool = False) -> int:
    """Mark the tasks of an import deleted.

    Raises Refused if somebody else has worked on them, unless forced.
    """
    with transaction.atomic():
        # Before the tasks are locked: `delete_many` takes the same lock.
        tasks.lock_sample(record.project)
        written = Task.objects.filter(imported_by=record, deleted_at=None)
        # Locked before we look, so that nobody's work comes between.
        ids = [task.pk for task in written.lock(written.values_list("pk", flat=True)).only("pk")]
        touched = 0 if force else len(_worked_on_by_others(record, ids, actor))
        if touched:
            raise Refused(
                "work_since_import",
                _(
                    "Others have worked on %(number)s of these tasks since. Use force to delete them anyway.",
                    number=touched,
                ),
            )
        if ids or not record.taken_back_at:
            record.taken_back_at = timezone.now()
        # The same request may import them again.
        record.idempotency_key = record.fingerprint = ""
        record.save(update_fields=["taken_back_at", "idempotency_key", "fingerprint"])
        return tasks.delete_many(record.project, ids, actor=actor)


def _worked_on_by_others(record: Import, ids: list[int], actor: User) -> set[int]:
    """The tasks that have annotations, verdicts or drafts by somebody else since, or any comment since.

    The import's report has the last history row it wrote.
    """
    since = History.objects.filter(annotation__task__in=ids, pk__gt=record.report.get("last_history", 0))
    # What the file brought is not later than its import.
    drafts = Draft.objects.filter(task__in=ids, updated_at__gt=record.created_at).exclude(user=actor)
    commented = Task.objects.filter(pk__in=ids, last_comment_updated_at__gt=record.created_at)
    return {
        *since.exclude(created_by=actor).values_list("annotation__task", flat=True),
        *drafts.values_list("task", flat=True),
        *commented.values_list("pk", flat=True),
    }


def unmark_ground_truth(annotation_ids: Iterable[int], *, actor: User) -> int:
    """Remove the mark from these annotations of one project; how many had it. This is not an edit:
    verdicts stand. Marks on the actor's own work stay, see rules.md#5-own-work.
    """
    with transaction.atomic():
        locked = Annotation.objects.select_related("project").lock(annotation_ids)
        marked = [a for a in locked if a.ground_truth and a.deleted_at is None and _may_unmark(a, actor)]
        tasks = {
            task.pk: task for task in Task.objects.select_related("project").lock(a.task_id for a in marked)
        }
        for annotation in marked:
            annotation.task = tasks[annotation.task_id]
            annotation.ground_truth = False
            annotation.annotation_seq += 1
            annotation.updated_by = actor
            annotation.updated_at = timezone.now()
        update_rows(marked, ["ground_truth", "annotation_seq", "updated_by", "updated_at"])
        counters.recount(list(tasks.values()), actor=actor)
        if marked:
            _emit(marked, list(tasks.values()), actor)
    return len(marked)


def _may_unmark(annotation: Annotation, actor: User) -> bool:
    return annotation.project.allow_self_review or not annotation.has_words_of(actor)


def _emit(marked: list[Annotation], tasks: list[Task], actor: User) -> None:
    events.emit(
        events.ANNOTATION_TOUCHED,
        marked[0].project,
        actor=actor,
        tasks=tuple(tasks),
        annotations=tuple(marked),
    )
