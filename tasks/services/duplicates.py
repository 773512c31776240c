"""Tasks that say the same as another one."""

from collections.abc import Iterable

from django.db import connection, transaction

from users.models import User

from ..models import Project, Task
from . import tasks

# Of each set of tasks with equal data: first the ones somebody worked on, then the one with most predictions,
# then by id.
_COPIES = """
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


def remove_copies(project: Project, task_ids: Iterable[int], *, actor: User) -> tuple[int, int]:
    """Of these tasks, delete those that say what another of them says. Answers (deleted, kept because of the
    work on them)."""
    with transaction.atomic():
        tasks.lock_sample(project)
        locked = Task.objects.filter(project=project, deleted_at=None).lock(task_ids)
        copies = _copies(list(locked.values_list("pk", flat=True)))
        idle = [pk for pk, worked_on in copies if not worked_on]
        return tasks.delete_many(project, idle, actor=actor), len(copies) - len(idle)


def _copies(task_ids: list[int]) -> list[tuple[int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(_COPIES, [task_ids])
        return cursor.fetchall()
