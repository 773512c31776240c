"""Which tasks enter review (`review_task_limit_percent`): an exact, seeded sample, stored per task.

Of n tasks exactly round(percent of n) are drawn (halves up), those with the lowest hash of seed and unique
id. Tasks that come later leave the flags of earlier ones alone and fill the sample up from among themselves.
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
# As place_of computes it.
PLACE = "md5(%(seed)s || ':' || unique_id)"
DRAWN = f"""
    SELECT id FROM tasks_task WHERE project_id = %(project)s AND deleted_at IS NULL ORDER BY {PLACE},
    id LIMIT %(count)s
"""
# Where a few more or fewer are wanted: undecided ones, without waiting for any that somebody holds.
CHANGED = f"""
    SELECT id FROM tasks_task WHERE project_id = %(project)s AND deleted_at IS NULL
    AND review_required = %(flag)s
    AND (NOT %(flag)s OR NOT reviewed) ORDER BY {PLACE} {{direction}},
    id LIMIT %(count)s FOR NO KEY UPDATE SKIP LOCKED
"""


def sample_size(tasks: int, percent: Decimal) -> int:
    return int((tasks * Decimal(percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def place_of(task: Task, project: Project) -> str:
    """Where a task stands in its project's draw: lowest first."""
    return md5(f"{project.review_sample_seed}:{task.unique_id}".encode(), usedforsecurity=False).hexdigest()


def percent_of(project: Project) -> Decimal:
    """As it is now: an object in hand may be older."""
    return Project.objects.values_list("review_task_limit_percent", flat=True).get(pk=project.pk)


def admit(project: Project, new: Collection[Task]) -> None:
    """Draw from tasks just written, each counted as drawn so far. The caller is the one writer of tasks."""
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
    """After tasks are gone: make the sample exact again with as few changes as that takes. The ids of changed
    tasks."""
    return _settle(project, percent_of(project))


def missing(project: Project, counted: dict[str, int]) -> int:
    """How many tasks the sample lacks, by the project's counts; negative: how many it has too many."""
    return sample_size(counted["tasks"], project.review_task_limit_percent) - counted["sampled"]


def drawn_ids(project: Project) -> set[int] | None:
    """The sample drawn from all tasks anew. None: every task."""
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
    """Flag these locked tasks as `drawn` says."""
    for flag in (True, False):
        others = [task for task in tasks if task.review_required is not flag]
        _flag([task for task in others if (drawn is None or task.pk in drawn) is flag], drawn=flag)


def _settle(project: Project, percent: Decimal) -> list[int]:
    counted = totals_of([project.pk])[project.pk]
    more = sample_size(counted["tasks"], percent) - counted["sampled"]
    if more == 0:
        return []
    asked: dict[str, Any] = {
        "project": project.pk,
        "seed": str(project.review_sample_seed),
        "count": abs(more),
        "flag": more < 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(CHANGED.format(direction="ASC" if more > 0 else "DESC"), asked)
        ids = [row[0] for row in cursor.fetchall()]
    _flag(list(Task.objects.filter(pk__in=ids)), drawn=more > 0)
    return ids


def _flag(tasks: Collection[Task], *, drawn: bool) -> None:
    with totals_follow(tasks):
        for task in tasks:
            task.review_required = drawn
        update_rows(list(tasks), ["review_required"])
