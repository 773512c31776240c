"""Which annotations are in which queue, derived from annotation, task and project
by the conditions of reviews/eligibility.py.

Whoever changes a task that they have locked brings its entries up to date
(`sync`); `manage.py recount` compares them.
"""

from collections.abc import Collection
from functools import cache

from django.db.models import BigIntegerField, Case, CharField, F, Func, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from tasks.models import Annotation
from tasks.sql import run, with_constants
from tasks.state import State

from ..eligibility import REJECTED, open_for_review, waits_for_review
from ..models import Queue

# All columns but the lease and `entered_at`.
DERIVED = (
    "task_id",
    "project_id",
    "queue",
    "state",
    "completed_by_id",
    "written_by_id",
    "last_created_by_id",
    "standing_review_id",
    "reworked",
    "lowest_score",
    "shuffle",
)


class SeededHash(Func):
    """64 bits of a hash of a text: a stable order that cannot be predicted without the seed in the text."""

    template = "('x' || left(md5(%(expressions)s), 16))::bit(64)::bigint"
    output_field = BigIntegerField()


def wanted() -> QuerySet:
    """The entries that should exist: what waits for a review, contested rejections, and other rejections."""
    text = CharField()
    rows = Annotation.objects.filter(waits_for_review() | (open_for_review() & REJECTED))
    return rows.order_by().values(
        "task_id",
        "project_id",
        "state",
        "completed_by_id",
        "written_by_id",
        "last_created_by_id",
        "standing_review_id",
        annotation_id=F("pk"),
        queue=Case(
            When(state=State.WAITING, then=Value(Queue.REVIEW.value)),
            When(state=State.CONTESTED, then=Value(Queue.DISPUTES.value)),
            default=Value(Queue.REJECTED.value),
        ),
        reworked=F("ever_reviewed"),
        lowest_score=F("task__lowest_score"),
        shuffle=SeededHash(
            Concat(Cast("project__review_sample_seed", text), Value(":"), Cast("unique_id", text))
        ),
    )


# A decision ends the lease, and so does another author: it may be the holder. An edit does not. Entries that
# have not changed are not updated, so they are not locked, and drawing need not wait for them. NOT IN
# and the join by primary key stay fast even if the planner misjudges the number of tasks.
SYNC = """
    WITH wanted AS MATERIALIZED ({wanted}), removed AS (
        DELETE FROM reviews_queueentry e WHERE e.task_id = ANY(%(tasks)s)
        AND e.annotation_id NOT IN (SELECT annotation_id FROM wanted)
    ), changed AS (
        UPDATE reviews_queueentry e SET {sets},
            entered_at = CASE WHEN {decided} THEN now() ELSE e.entered_at END,
            opened_at = CASE WHEN NOT {decided} THEN e.opened_at END,
            lease = CASE WHEN NOT {ended} THEN e.lease END,
            leased_to_id = CASE WHEN NOT {ended} THEN e.leased_to_id END,
            leased_at = CASE WHEN NOT {ended} THEN e.leased_at END,
            leased_until = CASE WHEN NOT {ended} THEN e.leased_until END
        FROM wanted w WHERE w.annotation_id = e.annotation_id AND ({stored}) IS DISTINCT FROM ({derived})
    )
    INSERT INTO reviews_queueentry (annotation_id, {names}, entered_at)
    SELECT w.annotation_id, {derived}, now() FROM wanted w
    WHERE w.annotation_id NOT IN (SELECT annotation_id FROM reviews_queueentry WHERE task_id = ANY(%(tasks)s))
"""
DECIDED = "(e.standing_review_id IS DISTINCT FROM w.standing_review_id OR e.queue <> w.queue)"
OTHER_AUTHOR = "(e.completed_by_id, e.written_by_id) IS DISTINCT FROM (w.completed_by_id, w.written_by_id)"
# (task, annotation, the queue it is in, the queue it belongs in). Equal queues: other columns differ.
DIFFERENCES = """
    SELECT coalesce(w.task_id, e.task_id), coalesce(w.annotation_id, e.annotation_id), e.queue, w.queue
    FROM ({wanted}) w
    FULL JOIN (SELECT * FROM reviews_queueentry
    WHERE task_id = ANY(%(tasks)s)) e ON e.annotation_id = w.annotation_id
    WHERE ({stored}) IS DISTINCT FROM ({derived})
    ORDER BY 2
"""


@cache
def _composed(statement: str) -> str:
    return statement.format(
        wanted=f"SELECT * FROM ({with_constants(wanted())}) of_tasks WHERE task_id = ANY(%(tasks)s)",
        names=", ".join(DERIVED),
        sets=", ".join(f"{name} = w.{name}" for name in DERIVED),
        stored=", ".join(f"e.{name}" for name in DERIVED),
        derived=", ".join(f"w.{name}" for name in DERIVED),
        decided=DECIDED,
        ended=f"({DECIDED} OR {OTHER_AUTHOR})",
    )


def sync(task_ids: Collection[int]) -> None:
    """Bring the entries of these tasks up to date. The caller has locked the tasks."""
    run(_composed(SYNC), {"tasks": list(task_ids)})


def differences(task_ids: Collection[int]) -> list[tuple[int, int, str | None, str | None]]:
    return run(_composed(DIFFERENCES), {"tasks": list(task_ids)})
