"""What waits for whoever comes first: one item for each project, counted to a bound, in two statements however many projects."""

from typing import Any

from django.db import connection

from .addressed import Reader
from .kinds import BOUND, Item, Kind

# Of the first BOUND + 1 by task: how many, which has waited longest, and since when.
POOL = """
    SELECT p.id, (array_agg(f.task ORDER BY f.since, f.task))[1], min(f.since), count(*)
    FROM tasks_project p CROSS JOIN LATERAL ({found} LIMIT %(limit)s) f
    WHERE p.id = ANY(%(projects)s) AND p.deleted_at IS NULL AND {condition} GROUP BY p.id
"""
GIVEN = "EXISTS (SELECT 1 FROM tasks_assignment s WHERE s.task_id = {task} AND s.user_id = %(user)s AND s.type = '{type}')"

REVIEW = POOL.format(
    condition="p.enable_review_workflow AND (NOT p.review_only_manual_assignments OR p.id = ANY(%(managing)s))",
    found=f"""
        SELECT e.task_id AS task, e.entered_at AS since FROM reviews_queueentry e
        WHERE e.project_id = p.id AND e.queue = 'review'
        AND (p.allow_self_review OR (e.author_id <> %(user)s AND e.written_by_id <> %(user)s))
        AND (e.leased_until IS NULL OR e.leased_until <= statement_timestamp() OR e.leased_to_id = %(user)s)
        AND NOT {GIVEN.format(task="e.task_id", type="RE")}
        ORDER BY e.task_id, e.annotation_id
    """,
)
# As the label stream hands out: room is what neither annotations nor other people's places fill. Who has had a task is not asked
# again, but for what was returned to anyone.
LABEL = POOL.format(
    condition="p.label_stream_task_distribution = 'auto_distribution'",
    found=f"""
        SELECT t.id AS task, t.created_at AS since FROM tasks_task t
        WHERE t.project_id = p.id AND t.deleted_at IS NULL AND NOT t.is_labeled AND t.closed_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM tasks_annotation a WHERE a.task_id = t.id AND a.completed_by_id = %(user)s
            AND a.deleted_at IS NULL AND (a.returned_at IS NULL OR a.returned_to_id IS NOT NULL))
        AND t.overlap > (SELECT count(*) FROM tasks_annotation a WHERE a.task_id = t.id AND a.deleted_at IS NULL
            AND NOT a.is_draft AND NOT a.was_cancelled AND NOT a.redistributed
            AND (a.returned_at IS NULL OR a.returned_to_id IS NOT NULL))
          + (SELECT count(*) FROM tasks_reservation r WHERE r.task_id = t.id AND r.user_id <> %(user)s
            AND r.expires_at > statement_timestamp())
        AND NOT {GIVEN.format(task="t.id", type="AN")}
        ORDER BY t.id
    """,
)
SHARED = {Kind.TO_REVIEW: REVIEW, Kind.TO_LABEL: LABEL}


def items(reader: Reader, kind: Kind) -> list[Item]:
    projects = reader.reviewing if kind == Kind.TO_REVIEW else reader.labelling
    if kind not in SHARED or not projects:
        return []
    asked: dict[str, Any] = {
        "user": reader.user.pk,
        "projects": projects,
        "managing": reader.managing,
        "limit": BOUND + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(SHARED[kind], asked)
        found = cursor.fetchall()
    return [
        Item(kind, project, task, None, None, since, count=count, shared=True)
        for project, task, since, count in found
    ]
