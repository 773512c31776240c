"""Which annotations are in which queue: derived from annotation, task, project and standing review, set-based.

A rule has one place: WANTED. Writers keep the entries of the tasks they hold locked true to it (`sync`), `recount` compares.
"""

from collections.abc import Collection

from django.db import connection

# What neither a lease nor the clock changes.
DERIVED = (
    "task_id",
    "project_id",
    "queue",
    "author_id",
    "written_by_id",
    "not_for_id",
    "standing_review_id",
    "reworked",
    "lowest_score",
    "shuffle",
)

# `review`: submitted, undecided, not out for rework, on a task drawn into the sample. `disputes`: a standing reject that is
# contested. `rejected`: any other one. What nobody but a manager could decide (`only_finished_tasks`) is in none.
WANTED = """
    SELECT a.id AS annotation_id, a.task_id, a.project_id,
        CASE WHEN a.standing_review_id IS NULL THEN 'review' WHEN d.id IS NULL THEN 'rejected' ELSE 'disputes' END AS queue,
        a.completed_by_id AS author_id, a.written_by_id,
        CASE WHEN d.id IS NOT NULL THEN r.created_by_id END AS not_for_id,
        a.standing_review_id, a.ever_reviewed AS reworked, t.lowest_score,
        ('x' || left(md5(p.review_sample_seed || ':' || a.unique_id), 16))::bit(64)::bigint AS shuffle
    FROM tasks_annotation a
    JOIN tasks_task t ON t.id = a.task_id
    JOIN tasks_project p ON p.id = a.project_id
    LEFT JOIN reviews_review r ON r.id = a.standing_review_id
    LEFT JOIN reviews_dispute d ON d.review_id = a.standing_review_id AND d.outcome IS NULL
    WHERE a.task_id = ANY(%(tasks)s) AND a.deleted_at IS NULL AND NOT a.is_draft AND NOT a.was_cancelled
    AND t.deleted_at IS NULL AND t.closed_at IS NULL
    AND p.enable_review_workflow AND (t.is_labeled OR NOT p.only_finished_tasks)
    AND CASE WHEN a.standing_review_id IS NULL THEN a.returned_at IS NULL AND t.review_required
        ELSE a.last_action = 'rejected' END
"""

_COLUMNS = ", ".join(DERIVED)
_STORED = ", ".join(f"e.{name}" for name in DERIVED)
_WANTED = ", ".join(f"w.{name}" for name in DERIVED)
_DECIDED = "(e.standing_review_id IS DISTINCT FROM w.standing_review_id OR e.queue <> w.queue)"

# A decision ends the lease; an edit does not. Rows that stay as they are stay unlocked, so that `next` need not wait for them.
SYNC = f"""
    WITH wanted AS MATERIALIZED ({WANTED}), gone AS (
        DELETE FROM reviews_queueentry e WHERE e.task_id = ANY(%(tasks)s)
        AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.annotation_id = e.annotation_id)
    ), moved AS (
        UPDATE reviews_queueentry e SET {", ".join(f"{name} = w.{name}" for name in DERIVED)},
            entered_at = CASE WHEN {_DECIDED} THEN now() ELSE e.entered_at END,
            lease = CASE WHEN NOT {_DECIDED} THEN e.lease END,
            leased_to_id = CASE WHEN NOT {_DECIDED} THEN e.leased_to_id END,
            leased_at = CASE WHEN NOT {_DECIDED} THEN e.leased_at END,
            leased_until = CASE WHEN NOT {_DECIDED} THEN e.leased_until END
        FROM wanted w WHERE w.annotation_id = e.annotation_id AND ({_STORED}) IS DISTINCT FROM ({_WANTED})
    )
    INSERT INTO reviews_queueentry (annotation_id, {_COLUMNS}, entered_at)
    SELECT w.annotation_id, {_WANTED}, now() FROM wanted w
    WHERE NOT EXISTS (SELECT 1 FROM reviews_queueentry e WHERE e.annotation_id = w.annotation_id)
"""
# (task, annotation, the queue it is in, the queue it belongs in); the queues are equal where something else is wrong.
DIFFERENCES = f"""
    WITH wanted AS MATERIALIZED ({WANTED}), stored AS (SELECT * FROM reviews_queueentry WHERE task_id = ANY(%(tasks)s))
    SELECT coalesce(w.task_id, e.task_id), coalesce(w.annotation_id, e.annotation_id), e.queue, w.queue
    FROM wanted w FULL JOIN stored e ON e.annotation_id = w.annotation_id
    WHERE ({_STORED}) IS DISTINCT FROM ({_WANTED}) ORDER BY 2
"""


def sync(task_ids: Collection[int]) -> None:
    """Bring the entries of these tasks up to date. The caller holds the tasks locked."""
    with connection.cursor() as cursor:
        cursor.execute(SYNC, {"tasks": list(task_ids)})


def differences(task_ids: Collection[int]) -> list[tuple[int, int, str | None, str | None]]:
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, {"tasks": list(task_ids)})
        return cursor.fetchall()
