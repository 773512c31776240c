"""Totals of a project, without a row that every transaction has to lock.

A transaction appends what it changed (ProjectDelta), and a job adds the deltas to ProjectTotal
every second. Readers sum both in one statement, so a total is right as soon as the transaction
that changed it is committed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connection

from .models import ProjectDelta, Task
from .models.project import Aggregate

COUNTED = Aggregate.COUNTED
Sums = dict[int, Counter[str]]
_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in COUNTED)
_NAMES = ", ".join(COUNTED)
_ADDED = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in COUNTED)

READ = f"""
    SELECT project_id, {_SUMS} FROM (
        SELECT project_id, {_NAMES} FROM tasks_projecttotal WHERE project_id = ANY(%(ids)s)
        UNION ALL SELECT project_id, {_NAMES} FROM tasks_projectdelta WHERE project_id = ANY(%(ids)s)
    ) parts GROUP BY project_id
"""
# A delta that a transaction in progress will still insert is taken the next time: deleting and adding is one
# statement, so each delta is counted exactly once. Deltas of purged projects are dropped.
FOLD = f"""
    WITH taken AS (
        DELETE FROM tasks_projectdelta
        WHERE id IN (SELECT id FROM tasks_projectdelta ORDER BY id LIMIT 10000 FOR UPDATE SKIP LOCKED)
        RETURNING project_id, {_NAMES}
    ), sums AS (SELECT project_id, {_SUMS} FROM taken GROUP BY project_id)
    INSERT INTO tasks_projecttotal AS t (project_id, {_NAMES})
    SELECT project_id, {_NAMES} FROM sums
    WHERE project_id IN (SELECT id FROM tasks_project) ORDER BY project_id
    ON CONFLICT (project_id) DO UPDATE SET {_ADDED}
"""


def counts_of(task: Task) -> Counter[str]:
    """What one task contributes to the totals of its project."""
    if task.deleted_at is not None:
        return Counter()
    return Counter(
        tasks=1,
        finished=int(task.is_labeled),
        annotations=task.total_annotations,
        skipped=task.cancelled_annotations,
        predictions=task.total_predictions,
        reviewed=int(task.reviewed),
        accepted=task.reviews_accepted,
        rejected=task.reviews_rejected,
        sampled=int(task.review_required),
        review_done=int(task.reviewed or not task.review_required),
    )


@contextmanager
def totals_follow(tasks: Collection[Task]) -> Iterator[None]:
    """Add to the totals what the block changes in the counters of these locked tasks."""
    before = sums_of(tasks)
    yield
    _append(deltas(before, sums_of(tasks)))


def deltas(before: Sums, after: Sums) -> list[dict[str, int]]:
    """The rows of ProjectDelta that say what changed, as values by column."""
    found = []
    for project in before.keys() | after.keys():
        counts = {name: after[project][name] - before[project][name] for name in COUNTED}
        if any(counts.values()):
            found.append({"project_id": project, **counts})
    return found


def _append(rows: list[dict[str, int]]) -> None:
    ProjectDelta.objects.bulk_create(ProjectDelta(**row) for row in rows)


def add_new(tasks: Collection[Task]) -> None:
    _append(deltas(defaultdict(Counter), sums_of(tasks)))


def sums_of(tasks: Collection[Task]) -> Sums:
    """Project id → what these tasks of it add up to."""
    sums: Sums = defaultdict(Counter)
    for task in tasks:
        sums[task.project_id].update(counts_of(task))
    return sums


def totals_of(project_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Project id → its totals; zeros for a new project."""
    with connection.cursor() as cursor:
        cursor.execute(READ, {"ids": list(project_ids)})
        found = {row[0]: dict(zip(COUNTED, row[1:], strict=True)) for row in cursor.fetchall()}
    return {project: found.get(project, dict.fromkeys(COUNTED, 0)) for project in project_ids}


def fold() -> None:
    with connection.cursor() as cursor:
        cursor.execute(FOLD)
