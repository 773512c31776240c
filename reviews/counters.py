"""The review counters of a task and whether it is reviewed, always recomputed under the task's lock."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Max, Q
from django.utils import timezone

from tasks.choices import ACCEPTING, VERDICTS, ActionType, ReviewCriteria
from tasks.counters import TOUCHED_FIELDS, touch
from tasks.models import Annotation, Project, Task
from tasks.sql import update_rows
from tasks.totals import totals_follow

from . import final
from .models import Comment
from .queue import entries

REVIEW_FIELDS = ("reviewed", "reviewed_at", "reviews_accepted", "reviews_rejected", *final.FINAL_FIELDS)
COMMENT_FIELDS = ("comment_count", "unresolved_comment_count", "last_comment_updated_at")

SYNC_REVIEWERS = """
    WITH wanted AS (
        SELECT DISTINCT a.project_id, r.created_by_id AS user_id, a.task_id
        FROM tasks_annotation a JOIN reviews_review r ON r.id = a.standing_review_id
        WHERE a.task_id = ANY(%(tasks)s) AND a.deleted_at IS NULL
    ), gone AS (
        DELETE FROM reviews_taskreviewer t WHERE t.task_id = ANY(%(tasks)s)
        AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.task_id = t.task_id AND w.user_id = t.user_id)
    )
    INSERT INTO reviews_taskreviewer (project_id, user_id, task_id)
    SELECT project_id, user_id, task_id FROM wanted ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class State:
    """What one reviewable annotation (not skipped, not a draft, not deleted) says to its task."""

    last_action: str
    waits_for_rework: bool = False
    in_pool: bool = False  # returned to nobody in particular: the task waits for whoever takes its slot

    @property
    def is_accepted(self) -> bool:
        return self.last_action in ACCEPTING

    @property
    def is_rejected(self) -> bool:
        return self.last_action == ActionType.REJECTED

    @property
    def has_verdict(self) -> bool:
        return self.last_action in VERDICTS


def is_reviewed(criteria: str, *, overlap_reached: bool, states: Collection[State]) -> bool:
    """Rules §8. `one`: an annotation stands accepted or fixed. `all`: overlap reached, every reviewable annotation has a
    standing verdict and none waits for rework. (One waiting for a substitute has freed its slot: overlap is not reached
    until there is one, and does not wait for the first.)
    """
    if criteria == ReviewCriteria.ONE:
        return any(state.is_accepted for state in states)
    claims = [state for state in states if not state.in_pool]
    return (
        overlap_reached
        and bool(claims)
        and all(state.has_verdict and not state.waits_for_rework for state in claims)
    )


def states_of(task_ids: Collection[int]) -> dict[int, list[State]]:
    rows = Annotation.objects.filter(
        task_id__in=task_ids, deleted_at=None, is_draft=False, was_cancelled=False
    )
    states: dict[int, list[State]] = defaultdict(list)
    for task, last_action, returned_at, returned_to in rows.values_list(
        "task_id", "last_action", "returned_at", "returned_to"
    ):
        waits = returned_at is not None
        states[task].append(State(last_action, waits_for_rework=waits, in_pool=waits and returned_to is None))
    return states


def recount(tasks: Collection[Task], *, actor=None) -> tuple[list[Task], list[Task]]:
    """Bring the review counters of these locked tasks up to date, and what of them waits in the queues.

    Returns the tasks that thereby became reviewed, and those that stopped being so.
    """
    states = states_of([task.pk for task in tasks])
    criteria = criteria_of(tasks)
    was_reviewed = {task.pk: task.reviewed for task in tasks}
    with totals_follow(tasks):
        for task in tasks:
            apply_states(task, states[task.pk], criteria[task.project_id])
            touch(task, actor)
        final.void(final.settle(tasks))
        update_rows(list(tasks), [*REVIEW_FIELDS, *TOUCHED_FIELDS])
    sync_reviewers(task.pk for task in tasks)
    entries.sync([task.pk for task in tasks])
    turned = [task for task in tasks if task.reviewed != was_reviewed[task.pk]]
    return [t for t in turned if t.reviewed], [t for t in turned if not t.reviewed]


def criteria_of(tasks: Collection[Task]) -> dict[int, str]:
    """Project id → its criteria. Read now that the tasks are locked: the setting may have changed while we waited for them."""
    return dict(
        Project.objects.filter(pk__in={task.project_id for task in tasks}).values_list(
            "pk", "review_criteria"
        )
    )


def apply_states(task: Task, states: Collection[State], criteria: str) -> None:
    task.reviews_accepted = sum(state.is_accepted for state in states)
    task.reviews_rejected = sum(state.is_rejected for state in states)
    task.reviewed = is_reviewed(criteria, overlap_reached=task.is_labeled, states=states)
    if not task.reviewed:
        task.reviewed_at = None
    elif task.reviewed_at is None:
        task.reviewed_at = timezone.now()


def sync_reviewers(task_ids: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SYNC_REVIEWERS, {"tasks": list(task_ids)})


def recount_comments(tasks: Collection[Task]) -> None:
    """Bring the comment counters of these locked tasks up to date."""
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
