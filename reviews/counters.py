"""The review counters of a task and whether it is reviewed. Always recomputed, under the task's lock."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Max, Q
from django.utils import timezone

from tasks import totals
from tasks.choices import ReviewCriteria
from tasks.counters import AnnotationCounts, apply_counts, touch
from tasks.models import Task
from tasks.sql import run, update_rows
from tasks.state import ABSENT
from users.models import User

from . import final_answer
from .models import Comment
from .queue import entries
from .siblings import Sibling, reviewers_of, siblings_of

REVIEW_FIELDS = (
    "reviewed",
    "reviewed_at",
    "reviews_accepted",
    "reviews_rejected",
    *final_answer.FINAL_FIELDS,
)
COMMENT_FIELDS = ("comment_count", "unresolved_comment_count", "last_comment_updated_at")
WRITTEN = (
    "id",
    "project_id",
    *REVIEW_FIELDS,
    "total_annotations",
    "cancelled_annotations",
    "is_labeled",
    "completed_at",
    "updated_at",
    "updated_by_id",
)

WRITE = """
    WITH input AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(%(tasks)s::jsonb) AS x(
            id bigint, project_id bigint, reviewed boolean, reviewed_at timestamptz,
            reviews_accepted integer, reviews_rejected integer, final_annotation_id bigint, final_state text,
            total_annotations integer, cancelled_annotations integer, is_labeled boolean,
            completed_at timestamptz, updated_at timestamptz, updated_by_id bigint, reviewers jsonb
        )
    ), tasks AS (
        UPDATE tasks_task t SET
            reviewed = i.reviewed, reviewed_at = i.reviewed_at, reviews_accepted = i.reviews_accepted,
            reviews_rejected = i.reviews_rejected, final_annotation_id = i.final_annotation_id,
            final_state = i.final_state, total_annotations = i.total_annotations,
            cancelled_annotations = i.cancelled_annotations, is_labeled = i.is_labeled,
            completed_at = i.completed_at, updated_at = i.updated_at, updated_by_id = i.updated_by_id
        FROM input i WHERE t.id = i.id
    ), reviewers AS (
        SELECT i.project_id, i.id AS task_id, user_id::bigint
        FROM input i, jsonb_array_elements_text(i.reviewers) AS user_id
    ), removed AS (
        DELETE FROM reviews_taskreviewer t USING input i WHERE t.task_id = i.id AND NOT EXISTS (
            SELECT 1 FROM reviewers r WHERE r.task_id = t.task_id AND r.user_id = t.user_id
        )
    ), come AS (
        INSERT INTO reviews_taskreviewer (project_id, user_id, task_id)
        SELECT project_id, user_id, task_id FROM reviewers ON CONFLICT DO NOTHING
    )
    INSERT INTO tasks_projectdelta (project_id, {counted})
    SELECT project_id, {counted} FROM jsonb_to_recordset(%(deltas)s::jsonb) AS d(project_id bigint, {columns})
""".format(counted=", ".join(totals.COUNTED), columns=", ".join(f"{name} bigint" for name in totals.COUNTED))

ADD_REVIEWERS = """
    INSERT INTO reviews_taskreviewer (project_id, user_id, task_id)
    SELECT DISTINCT a.project_id, r.created_by_id, a.task_id
    FROM tasks_annotation a JOIN reviews_review r ON r.id = a.standing_review_id
    WHERE a.task_id = ANY(%s) AND a.deleted_at IS NULL ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class ReviewedChanges:
    """The tasks that became reviewed, and those that no longer are."""

    reviewed: list[Task]
    unreviewed: list[Task]


def is_reviewed(criteria: str, *, overlap_reached: bool, siblings: Collection[Sibling]) -> bool:
    """Whether a task counts as reviewed.

    `one`: an annotation is accepted or fixed. `all`: overlap is reached, every reviewable annotation has a
    standing verdict, and none is returned for rework. A pooled annotation is left out: it has freed its slot,
    so overlap is not reached until somebody else has made another.
    """
    if criteria == ReviewCriteria.ONE:
        return any(sibling.is_accepted for sibling in siblings)
    reviewable = [s for s in siblings if s.state not in ABSENT and not s.was_cancelled and not s.is_pooled]
    return (
        overlap_reached and bool(reviewable) and all(s.has_verdict and not s.is_returned for s in reviewable)
    )


def recount(
    tasks: Collection[Task], *, actor: User | None = None, slots_changed: bool = False
) -> ReviewedChanges:
    """Update the review counters, the answer and the queue entries of these locked tasks.

    `slots_changed`: a decision has filled or freed slots, so the annotation counters change too. The number
    of statements does not depend on the number of tasks.
    """
    siblings, criteria = siblings_of([task.pk for task in tasks])
    was_reviewed = {task.pk: task.reviewed for task in tasks}
    before = totals.sums_of(tasks)
    for task in tasks:
        if slots_changed:
            _apply_annotation_counts(task, siblings[task.pk])
        apply_siblings(task, siblings[task.pk], criteria[task.pk])
        touch(task, actor)
    final_answer.void_picks(final_answer.set_answers(tasks, siblings))
    _write(tasks, siblings, totals.deltas(before, totals.sums_of(tasks)))
    # After the write: whether a task is finished decides whether it is in the queue.
    entries.sync([task.pk for task in tasks])
    changed = [task for task in tasks if task.reviewed != was_reviewed[task.pk]]
    return ReviewedChanges([t for t in changed if t.reviewed], [t for t in changed if not t.reviewed])


def apply_siblings(task: Task, siblings: Collection[Sibling], criteria: str) -> None:
    task.reviews_accepted = sum(sibling.is_accepted for sibling in siblings)
    task.reviews_rejected = sum(sibling.is_rejected for sibling in siblings)
    task.reviewed = is_reviewed(criteria, overlap_reached=task.is_labeled, siblings=siblings)
    if not task.reviewed:
        task.reviewed_at = None
    # Else it stays: further verdicts do not make the task reviewed again.
    elif task.reviewed_at is None:
        task.reviewed_at = timezone.now()


def _apply_annotation_counts(task: Task, siblings: Collection[Sibling]) -> None:
    """Keeps the prediction counts: a decision changes no prediction."""
    counts = AnnotationCounts(predictions=task.total_predictions, lowest_score=task.lowest_score)
    for sibling in siblings:
        if sibling.state not in ABSENT:
            counts.add(sibling.author_id, skipped=sibling.was_cancelled, fills_slot=sibling.fills_slot)
    apply_counts(task, counts)


def _write(
    tasks: Collection[Task], siblings: Mapping[int, Collection[Sibling]], deltas: list[dict[str, int]]
) -> None:
    """Write the counters of the tasks, the list of their reviewers, and the deltas of their projects."""
    rows = [
        {name: getattr(task, name) for name in WRITTEN} | {"reviewers": reviewers_of(siblings[task.pk])}
        for task in tasks
    ]
    # Times become text here; the column types of `input` turn them back.
    run(WRITE, {"tasks": json.dumps(rows, default=str), "deltas": json.dumps(deltas)})


def add_reviewers(task_ids: Iterable[int]) -> None:
    """List the reviewers of new tasks."""
    with connection.cursor() as cursor:
        cursor.execute(ADD_REVIEWERS, [list(task_ids)])


def apply_comments(task: Task, comments: Collection[Comment]) -> None:
    """Set the counters of a task that is not written yet from all its comments."""
    task.comment_count = len(comments)
    task.unresolved_comment_count = sum(not comment.is_resolved for comment in comments)
    task.last_comment_updated_at = max((comment.updated_at for comment in comments), default=None)


def recount_comments(tasks: Collection[Task]) -> None:
    """Update the comment counters of these locked tasks."""
    unresolved = Count("id", filter=Q(is_resolved=False))
    rows = Comment.objects.present().filter(task__in=tasks).values("task_id")
    found = {
        row["task_id"]: row for row in rows.annotate(all=Count("id"), open=unresolved, last=Max("updated_at"))
    }
    for task in tasks:
        counts = found.get(task.pk, {"all": 0, "open": 0, "last": None})
        task.comment_count = counts["all"]
        task.unresolved_comment_count = counts["open"]
        task.last_comment_updated_at = counts["last"]
    update_rows(list(tasks), COMMENT_FIELDS)
