"""Which tasks enter review (`review_task_limit_percent`): an exact, seeded sample, stored per task.

Of n tasks exactly round(percent of n) are sampled (halves up): those with the lowest hash of seed and unique
id. New tasks do not change the flags of earlier ones: the sample is filled up from the new ones.
"""

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal
from hashlib import md5
from typing import Any

from django.db import connection

from jobs.models import Job
from tasks.models import Project, Task
from tasks.sql import update_rows
from tasks.totals import totals_follow, totals_of

EVERYTHING = Decimal(100)
PERCENT = "review_task_limit_percent"
# The kind of job that draws a new sample of a large project.
RECALCULATION = "recalculate"
# The same as `place_of` computes.
PLACE = "md5(%(seed)s || ':' || unique_id)"
LAST_DRAWN = f"""
    SELECT {PLACE}, id FROM tasks_task WHERE project_id = %(project)s AND deleted_at IS NULL ORDER BY {PLACE},
    id OFFSET %(count)s - 1 LIMIT 1
"""
# To add or remove a few. A reviewed task is not removed, and a task that somebody has locked is passed over.
CHANGED = f"""
    SELECT id FROM tasks_task WHERE project_id = %(project)s AND deleted_at IS NULL
    AND review_required = %(flag)s
    AND (NOT %(flag)s OR NOT reviewed) ORDER BY {PLACE} {{direction}},
    id LIMIT %(count)s FOR NO KEY UPDATE SKIP LOCKED
"""


# The hash of a task and its id, as JSON keeps it: a list.
Place = list[Any]
BEFORE_ALL: Place = ["", 0]


def sample_size(tasks: int, percent: Decimal) -> int:
    return int((tasks * Decimal(percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def place_of(task: Task, project: Project) -> str:
    """The sort key of a task in the sample of its project, lowest first."""
    return md5(f"{project.review_sample_seed}:{task.unique_id}".encode(), usedforsecurity=False).hexdigest()


def percent_of(project: Project) -> Decimal:
    """Read again: `project` may have been loaded before the setting changed."""
    return Project.objects.values_list("review_task_limit_percent", flat=True).get(pk=project.pk)


def admit(project: Project, new: Collection[Task], *, settled_later: bool = False) -> None:
    """Sample tasks that were just inserted, which so far all count as sampled. The caller holds the lock on
    adding tasks to the project, or takes it afterwards and settles the sample then."""
    percent = percent_of(project)
    if percent == EVERYTHING or _is_being_drawn(project):
        return
    counted = totals_of([project.pk])[project.pk]
    drawn_before = counted["sampled"] - len(new)
    wanted = min(max(sample_size(counted["tasks"], percent) - drawn_before, 0), len(new))
    by_place = sorted(new, key=lambda task: (place_of(task, project), task.pk))
    _flag(by_place[wanted:], drawn=False)
    if not settled_later:
        _settle(project, percent)


def settle(project: Project) -> list[int]:
    """Make the sample exact again after tasks were deleted, with as few changes as possible. Returns the ids
    of the changed tasks."""
    return [] if _is_being_drawn(project) else _settle(project, percent_of(project))


def missing(project: Project, counted: dict[str, int]) -> int:
    """How many tasks the sample lacks, by the counts of the project; negative if it has too many."""
    return sample_size(counted["tasks"], project.review_task_limit_percent) - counted["sampled"]


def last_place(project: Project) -> Place | None:
    """Where a new sample of all tasks ends, in the order in which they are drawn. None: all are in it."""
    if project.review_task_limit_percent == EVERYTHING:
        return None
    tasks = Task.objects.filter(project=project, deleted_at=None).count()
    count = sample_size(tasks, project.review_task_limit_percent)
    if count == 0:
        return BEFORE_ALL
    with connection.cursor() as cursor:
        seed = str(project.review_sample_seed)
        cursor.execute(LAST_DRAWN, {"project": project.pk, "seed": seed, "count": count})
        place, task = cursor.fetchone()
        return [place, task]


def apply(tasks: Collection[Task], last: Place | None) -> None:
    """Flag these locked tasks of one project by whether a sample that ends at `last` has them."""
    for flag in (True, False):
        others = [task for task in tasks if task.review_required is not flag]
        _flag([t for t in others if (last is None or _place(t) <= last) is flag], drawn=flag)


def _place(task: Task) -> Place:
    return [place_of(task, task.project), task.pk]


def _is_being_drawn(project: Project) -> bool:
    """While a job draws a new sample it is not exact, and making it exact would do the job's work at once.
    The job does so at its end."""
    drawing = Job.objects.unfinished().filter(kind=RECALCULATION, project_id=project.pk)
    return drawing.filter(parameters__changed__contains=[PERCENT]).exists()


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
