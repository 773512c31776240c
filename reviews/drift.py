"""Find stored counters and derived rows that differ from what they are derived from, and repair them.

Differences are read in one snapshot and repaired under locks.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from tasks import counters as task_counters
from tasks import totals
from tasks.models import Annotation, Project, ProjectDelta, Task, TaskAnnotator
from tasks.models.project import Aggregate
from tasks.querysets import NOT_DELETED
from tasks.services.tasks import lock_project_tasks

from . import counters, final_answer, sampling
from .models import QueueEntry, TaskReviewer
from .queue import entries
from .siblings import siblings_of

CHUNK = 2000  # tasks
VERDICT = "the verdict"
SAMPLE = "tasks in the review sample"
TASK_FIELDS = (*task_counters.COUNTED_FIELDS, *counters.REVIEW_FIELDS, *counters.COMMENT_FIELDS)
# Only whether a task was completed or reviewed can be recomputed, not when.
TIMES = ("completed_at", "reviewed_at")

ANNOTATORS = """
    SELECT DISTINCT task_id, completed_by_id FROM tasks_annotation
    WHERE task_id = ANY(%s) AND state NOT IN ('deleted', 'draft')
"""
REVIEWERS = """
    SELECT DISTINCT a.task_id, r.created_by_id
    FROM tasks_annotation a JOIN reviews_review r ON r.id = a.standing_review_id
    WHERE a.task_id = ANY(%s) AND a.deleted_at IS NULL
"""
COMMENTS = """
    SELECT c.task_id, count(*), count(*) FILTER (WHERE NOT c.is_resolved), max(c.updated_at)
    FROM reviews_comment c LEFT JOIN tasks_annotation a ON a.id = c.annotation_id
    WHERE c.task_id = ANY(%s) AND c.deleted_at IS NULL AND a.deleted_at IS NULL GROUP BY c.task_id
"""
CONTRADICTED = """
    SELECT a.task_id, a.id, a.last_action, a.standing_review_id
    FROM tasks_annotation a LEFT JOIN reviews_review r ON r.id = a.standing_review_id
    WHERE a.task_id = ANY(%s) AND (
        (a.standing_review_id IS NULL AND a.last_action IN ('accepted', 'rejected', 'fixed_and_accepted'))
        OR (a.standing_review_id IS NOT NULL AND (
            r.id IS NULL OR r.annotation_id <> a.id OR r.verdict <> a.last_action
            OR r.undone_at IS NOT NULL OR r.superseded_by_id IS NOT NULL
        ))
    ) ORDER BY a.id
"""
# A round is a reject with requeue, neither undone nor superseded, nor restored by a newer review.
REWORK = """
    SELECT a.task_id, a.id, a.rounds, coalesce(counted.rounds, 0) AS counted,
        a.contested_at IS NOT NULL AS contested, disputed.since
    FROM tasks_annotation a
    LEFT JOIN (
        SELECT annotation_id, count(*) AS rounds FROM reviews_review r
        WHERE task_id = ANY(%(tasks)s) AND reject_action = 'requeue'
        AND undone_at IS NULL AND superseded_by_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM reviews_review n WHERE n.restores_id = coalesce(r.restores_id, r.id) AND n.id > r.id
        )
        GROUP BY annotation_id
    ) counted ON counted.annotation_id = a.id
    LEFT JOIN (
        SELECT review_id, contested_at AS since FROM reviews_dispute WHERE outcome IS NULL
    ) disputed ON disputed.review_id = a.standing_review_id
    WHERE a.task_id = ANY(%(tasks)s)
    AND (a.rounds <> coalesce(counted.rounds, 0) OR (a.contested_at IS NULL) <> (disputed.since IS NULL))
    ORDER BY a.id
"""
SUMS = """
    SELECT count(*), count(*) FILTER (WHERE is_labeled), coalesce(sum(total_annotations), 0)::bigint,
        coalesce(sum(cancelled_annotations), 0)::bigint, coalesce(sum(total_predictions), 0)::bigint,
        count(*) FILTER (WHERE reviewed), coalesce(sum(reviews_accepted), 0)::bigint,
        coalesce(sum(reviews_rejected), 0)::bigint,
        count(*) FILTER (WHERE review_required), count(*) FILTER (WHERE reviewed OR NOT review_required)
    FROM tasks_task WHERE project_id = %s AND deleted_at IS NULL
"""


@dataclass(frozen=True)
class Drift:
    """One difference. `task` is None if it is about the whole project, or about `place` in it."""

    project: int
    task: int | None
    what: str
    stored: Any
    counted: Any
    place: str = "totals"

    def __str__(self) -> str:
        where = f"task {self.task}" if self.task else self.place
        return f"project {self.project}, {where}: {self.what} is {self.stored}, counted {self.counted}"


@dataclass(frozen=True)
class Counters:
    """What an app above counts in a project."""

    find: Callable[[Project], list[Drift]]
    repair: Callable[[Project], None]


# Apps above add theirs when they are ready.
MORE: list[Counters] = []


@contextmanager
def snapshot() -> Iterator[None]:
    """All reads in the block see one snapshot. (In an outer transaction they see what that sees.)"""
    with transaction.atomic():
        if not connection.savepoint_ids:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def chunks(project: Project) -> Iterator[list[int]]:
    """The ids of the project's tasks, in chunks."""
    last = 0
    wanted = Task.objects.filter(NOT_DELETED, project=project).order_by("pk").values_list("pk", flat=True)
    while ids := list(wanted.filter(pk__gt=last)[:CHUNK]):
        last = ids[-1]
        yield ids


def drift_of_tasks(task_ids: Collection[int]) -> list[Drift]:
    with snapshot():
        tasks = list(Task.objects.filter(NOT_DELETED, pk__in=task_ids).order_by("pk"))
        return [
            *_counters(tasks),
            *_people(tasks),
            *_queue_entries(tasks),
            *_verdicts(tasks),
            *_rework(tasks),
        ]


def _rework(tasks: list[Task]) -> Iterator[Drift]:
    """Annotations whose `rounds` or `contested_at` differ from their reviews and disputes."""
    project_of = {task.pk: task.project_id for task in tasks}
    for task, annotation, rounds, counted, contested, since in _rework_rows(project_of):
        if rounds != counted:
            yield Drift(project_of[task], task, f"rounds of annotation {annotation}", rounds, counted)
        if contested != (since is not None):
            what = f"contested, of annotation {annotation},"
            yield Drift(project_of[task], task, what, contested, since is not None)


def _rework_rows(task_ids: Iterable[int]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(REWORK, {"tasks": list(task_ids)})
        return cursor.fetchall()


def _counters(tasks: list[Task]) -> Iterator[Drift]:
    ids = [task.pk for task in tasks]
    counts = task_counters.count_annotations(ids)
    siblings, criteria = siblings_of(ids)
    comments = {task: numbers for task, *numbers in _rows(COMMENTS, ids)}
    found = [copy(task) for task in tasks]
    for task in found:
        task_counters.apply_counts(task, counts[task.pk])
        counters.apply_siblings(task, siblings[task.pk], criteria[task.pk])
        for name, number in zip(counters.COMMENT_FIELDS, comments.get(task.pk, (0, 0, None)), strict=True):
            setattr(task, name, number)
    final_answer.set_answers(found, siblings)
    for task, counted in zip(tasks, found, strict=True):
        yield from _differences(task, counted)


def _differences(task: Task, counted: Task) -> Iterator[Drift]:
    for name in TASK_FIELDS:
        stored, found = getattr(task, name), getattr(counted, name)
        if (stored is None) != (found is None) if name in TIMES else stored != found:
            yield Drift(task.project_id, task.pk, name, stored, found)


def _people(tasks: list[Task]) -> Iterator[Drift]:
    """Tasks whose lists of annotators or reviewers are wrong."""
    project_of = {task.pk: task.project_id for task in tasks}
    for what, model, wanted_rows in (
        ("annotators", TaskAnnotator, ANNOTATORS),
        ("reviewers", TaskReviewer, REVIEWERS),
    ):
        stored = set(model.objects.filter(task__in=project_of).values_list("task_id", "user_id"))  # type: ignore[attr-defined]
        wanted = set(_rows(wanted_rows, project_of))
        for task in sorted({task for task, _ in stored ^ wanted}):
            here, counted = (sorted(user for t, user in pairs if t == task) for pairs in (stored, wanted))
            yield Drift(project_of[task], task, what, here, counted)


def _queue_entries(tasks: list[Task]) -> Iterator[Drift]:
    """Annotations in the wrong queue, or with a wrong entry."""
    project_of = {task.pk: task.project_id for task in tasks}
    for task, annotation, stored, wanted in entries.differences(list(project_of)):
        found = f"{stored}, with wrong details" if stored == wanted else stored
        yield Drift(project_of[task], task, f"queue of annotation {annotation}", found, wanted)


def _verdicts(tasks: list[Task]) -> Iterator[Drift]:
    """Verdicts that do not match the standing review. Triggers prevent them, unless they were disabled."""
    project_of = {task.pk: task.project_id for task in tasks}
    for task, annotation, last_action, review in _rows(CONTRADICTED, project_of):
        counted = f"not what review {review} says" if review else "no review"
        yield Drift(project_of[task], task, f"{VERDICT} of annotation {annotation}", last_action, counted)


def drift_of_totals(project: Project) -> list[Drift]:
    with snapshot():
        stored = totals.totals_of([project.pk])[project.pk]
        counted = _count(project)
        stale, missing = _of_deleted_tasks(project).count(), sampling.missing(project, counted)
    drift = [
        Drift(project.pk, None, name, stored[name], counted[name])
        for name in Aggregate.COUNTED
        if stored[name] != counted[name]
    ]
    drift += [Drift(project.pk, None, "queue entries of deleted tasks", stale, 0)] if stale else []
    drift += (
        [Drift(project.pk, None, SAMPLE, counted["sampled"], counted["sampled"] + missing)] if missing else []
    )
    return drift


def _of_deleted_tasks(project: Project) -> QuerySet[QueueEntry]:
    return QueueEntry.objects.filter(project=project, task__deleted_at__isnull=False)


def _count(project: Project) -> dict[str, int]:
    (row,) = _rows(SUMS, project.pk)
    return dict(zip(Aggregate.COUNTED, row, strict=True))


def _rows(query: str, about: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, [about if isinstance(about, int) else list(about)])
        return cursor.fetchall()


def repair_tasks(task_ids: Collection[int]) -> None:
    """Recompute everything about these tasks, under their locks."""
    with transaction.atomic():
        _repair_rework(task_ids)  # first: annotations are locked before tasks
        tasks = list(Task.objects.filter(NOT_DELETED).lock(task_ids))
        task_counters.recount(tasks)
        counters.recount(tasks)
        counters.recount_comments(tasks)


def _repair_rework(task_ids: Collection[int]) -> None:
    list(Annotation.objects.lock(annotation for _, annotation, *_ in _rework_rows(task_ids)))
    # Read again, now that the rows are locked.
    for _, annotation, _, counted, _, since in _rework_rows(task_ids):
        Annotation.objects.filter(pk=annotation).update(rounds=counted, contested_at=since)


def repair_totals(project: Project) -> None:
    """Append the differences as a delta. They are right in the snapshot, so they stay
    right, whatever others append meanwhile."""
    with snapshot():
        stored = totals.totals_of([project.pk])[project.pk]
        missing = {name: number - stored[name] for name, number in _count(project).items()}
        if any(missing.values()):
            ProjectDelta.objects.create(project_id=project.pk, **missing)
    _of_deleted_tasks(project).delete()
    repair_sample(project)


def repair_sample(project: Project) -> None:
    with transaction.atomic():
        lock_project_tasks(project)
        entries.sync(sampling.settle(project))
