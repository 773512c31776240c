"""Work that anybody may take: one item per project and kind, counted to BOUND. One statement for each kind,
however many projects."""

from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL

from ..eligibility import assigned_to_review
from ..models import Queue, QueueEntry
from ..queue.drawing import available_to, with_parameters
from .kinds import BOUND, Item, Kind
from .personal import Reader

# Of the first BOUND + 1: how many there are, which task has waited longest, and since when.
POOL = """
    SELECT p.id, (array_agg(f.task ORDER BY f.since, f.task))[1], min(f.since), count(*)
    FROM tasks_project p CROSS JOIN LATERAL ({found} LIMIT %(limit)s) f
    WHERE p.id = ANY(%(projects)s) AND p.deleted_at IS NULL AND {condition} GROUP BY p.id
"""
# The same tasks as the label stream hands out: those with a slot that neither an annotation nor somebody
# else's reservation fills. People who have annotated a task do not get it again, unless their annotation is
# pooled.
LABEL = """
    SELECT t.id AS task, t.created_at AS since FROM tasks_task t
    WHERE t.project_id = p.id AND t.deleted_at IS NULL AND NOT t.is_labeled AND t.closed_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM tasks_annotation a WHERE a.task_id = t.id AND a.completed_by_id = %(user)s
        AND a.state NOT IN ('deleted', 'pooled'))
    AND t.overlap > (SELECT count(DISTINCT a.completed_by_id) FROM tasks_annotation a
        WHERE a.task_id = t.id AND a.fills_slot)
        + (SELECT count(*) FROM tasks_reservation r WHERE r.task_id = t.id AND r.user_id <> %(user)s
        AND r.expires_at > statement_timestamp())
    AND NOT EXISTS (SELECT 1 FROM tasks_assignment s WHERE s.task_id = t.id AND s.user_id = %(user)s
    AND s.type = 'AN')
    ORDER BY t.id
"""


def _review_statement(reader: Reader) -> tuple[str, dict[str, Any]]:
    """What this person may decide in each project, except what is assigned to them (see personal)."""
    of_project = QueueEntry.objects.filter(project_id=RawSQL("p.id", ()), queue=Queue.REVIEW)
    available = of_project.filter(available_to(reader.user)).exclude(assigned_to_review(reader.user))
    rows = available.order_by("task", "annotation")
    found, parameters = with_parameters(rows.values("task", "entered_at"), prefix="q")
    found = f"SELECT f.task, f.entered_at AS since FROM ({found}) f"
    return POOL.format(condition="p.enable_review_workflow", found=found), parameters


def _statement(reader: Reader, kind: Kind) -> tuple[str, dict[str, Any]]:
    if kind == Kind.TO_REVIEW:
        return _review_statement(reader)
    condition = "p.label_stream_task_distribution = 'auto_distribution'"
    return POOL.format(condition=condition, found=LABEL), {"user": reader.user.pk}


def items(reader: Reader, kind: Kind) -> list[Item]:
    projects = {Kind.TO_REVIEW: reader.reviewing, Kind.TO_LABEL: reader.labelling}.get(kind)
    if not projects:
        return []
    statement, parameters = _statement(reader, kind)
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, "projects": projects, "limit": BOUND + 1})
        found = cursor.fetchall()
    return [
        Item(kind, project, task, None, None, since, count=count, shared=True)
        for project, task, since, count in found
    ]
