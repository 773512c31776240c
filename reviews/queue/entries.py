"""Which annotations are in which queue: derived from annotation, task, project and standing review, set-based.

The rule has one place, the database's function `countersign_queue_wanted` (migration queue_functions). Writers keep the entries
of the tasks they hold locked true to it (`sync`), `recount` compares.
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
SYNC = "SELECT countersign_sync_queue(%(tasks)s::bigint[])"
SYNC_MANY = "SELECT countersign_sync_queue_of_many(%(tasks)s::bigint[])"
# Up to so many, one plan serves all; beyond, planning costs nothing beside the work.
FEW = 20
# (task, annotation, the queue it is in, the queue it belongs in); the queues are equal where something else is wrong.
DIFFERENCES = f"""
    SELECT coalesce(w.task_id, e.task_id), coalesce(w.annotation_id, e.annotation_id), e.queue, w.queue
    FROM countersign_queue_wanted(%(tasks)s::bigint[]) w
    FULL JOIN (SELECT * FROM reviews_queueentry WHERE task_id = ANY(%(tasks)s)) e ON e.annotation_id = w.annotation_id
    WHERE ({", ".join(f"e.{name}" for name in DERIVED)}) IS DISTINCT FROM ({", ".join(f"w.{name}" for name in DERIVED)})
    ORDER BY 2
"""


def sync(task_ids: Collection[int]) -> None:
    """Bring the entries of these tasks up to date. The caller holds the tasks locked."""
    with connection.cursor() as cursor:
        cursor.execute(SYNC if len(task_ids) <= FEW else SYNC_MANY, {"tasks": list(task_ids)})


def differences(task_ids: Collection[int]) -> list[tuple[int, int, str | None, str | None]]:
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENCES, {"tasks": list(task_ids)})
        return cursor.fetchall()
