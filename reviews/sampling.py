"""Which tasks enter review (`review_task_limit_percent`): an exact, seeded sample, stored per task.

Of n tasks exactly round(percent of n) are sampled (halves up): those with the lowest hash of seed and unique
id. New tasks do not change the flags of earlier ones: the sample is filled up from the new ones.
"""

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal
from hashlib import md5
from typing import Any

from django.db import connection

from tasks.models import Project, Task
from tasks.sql import update_rows
from tasks.totals import totals_follow, totals_of

EVERYTHING = Decimal(100)
# The same as `place_of` computes.
PLACE = "md5(%(seed)s || ':' || unique_id)"
DRAWN = f"""
    SELECT id FROM tasks_task WHERE project_id = %(project)s AND deleted_at IS NULL ORDER BY {PLACE},
    id LIMIT %(count)s
"""
# To add or remove a few. A reviewed task is not removed, and a task that somebody has locked is passed over.
CHANGED = f"""
    SELECT id FROM tasks_task WHERE project_id = %(project)s AND deleted_at IS NULL
    AND review_required = %(flag)s
    AND (NOT %(flag)s OR NOT reviewed) ORDER BY {PLACE} {{direction}},
    id LIMIT %(count)s FOR NO KEY UPDATE SKIP LOCKED
"""


def sample_size(tasks: int, percent: Decimal) -> int:
    return int((tasks * Decimal(percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def place_of(task: Task, project: Project) -> str:
    """The sort key of a task in the sample of its project, lowest first."""
    return md5(f"{project.review_sample_seed}:{task.unique_id}".encode(), usedforsecurity=False).hexdigest()


def percent_of(project: Project) -> Decimal:
    """Read again: `project` may have been loaded before the setting changed."""
    return Project.objects.values_list("review_task_limit_percent", flat=True).get(pk=project.pk)


def admit(project: Project, new: Collection[Task]) -> None:
    """Sample tasks that were just inserted, which so far all count as sampled. The caller holds the lock on
    adding tasks to the project."""
    percent = percent_of(project)
    if percent == EVERYTHING:
        return
    counted = totals_of([project.pk])[project.pk]
    drawn_before = counted["sampled"] - len(new)
    wanted = min(max(sample_size(counted["tasks"], percent) - drawn_before, 0), len(new))
    by_place = sorted(new, key=lambda task: (place_of(task, project), task.pk))
    _flag(by_place[wanted:], drawn=False)
    _settle(project, percent)


def settle(project: Project) -> list[int]:
    """Make the sample exact again after tasks were deleted, with as few changes as possible. Returns the ids
    of the changed tasks."""
    return _settle(project, percent_of(project))


def missing(project: Project, counted: dict[str, int]) -> int:
    """How many tasks the sample lacks, by the counts of the project; negative if it has too many."""
    return sample_size(counted["tasks"], project.review_task_limit_percent) - counted["sampled"]


def drawn_ids(project: Project) -> set[int] | None:
    """A new sample of all tasks, as ids. None: every task is in it."""
    if project.review_task_limit_percent == EVERYTHING:
        return None
    count = sample_size(
        Task.objects.filter(project=project, deleted_at=None).count(), project.review_task_limit_percent
    )
    with connection.cursor() as cursor:
        cursor.execute(
            DRAWN, {"project": project.pk, "seed": str(project.review_sample_seed), "count": count}
        )
        return {row[0] for row in cursor.fetchall()}


def apply(tasks: Collection[Task], drawn: set[int] | None) -> None:
    """Flag these locked tasks by whether they are in `drawn`."""
    for flag in (True, False):
        others = [task for task in tasks if task.review_required is not flag]
        _flag([task for task in others if (drawn is None or task.pk in drawn) is flag], drawn=flag)


def _settle(project: Project, percent: Decimal) -> list[int]:
    counted = totals_of([project.pk])[project.pk]
    more = sample_size(counted["tasks"], percent) - counted["sampled"]
    if more == 0:
        return []
    parameters: dict[str, Any] = {
        "project": project.pk,
        "seed": str(project.review_sample_seed),
        "count": abs(more),
        "flag": more < 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(CHANGED.format(direction="ASC" if more > 0 else "DESC"), parameters)
        ids = [row[0] for row in cursor.fetchall()]
    _flag(list(Task.objects.filter(pk__in=ids)), drawn=more > 0)
    return ids


def _flag(tasks: Collection[Task], *, drawn: bool) -> None:
    with totals_follow(tasks):
        for task in tasks:
            task.review_required = drawn
        update_rows(list(tasks), ["review_required"])
