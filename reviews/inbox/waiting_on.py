"""For whom work waits, and since when, in the projects of a manager: one statement for all of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, models

from .kinds import BOUND


class WaitingKind(models.TextChoices):
    RETURNED = "returned", "Sent back to them"
    ASSIGNED = "assigned", "Assigned to them to label"
    TO_REVIEW = "to_review", "To review"
    DISPUTES = "disputes", "Contested rejections to decide"
    LABELLING = "labelling", "Labelling now"
    REVIEWING = "reviewing", "Reviewing now"


@dataclass(frozen=True)
class Waiting:
    """`person` None: for any reviewer. Of those, only the first BOUND + 1 are counted."""

    project: int
    person: int | None
    kind: WaitingKind
    count: int
    since: datetime

    @property
    def number(self) -> int:
        return min(self.count, BOUND) if self.person is None else self.count

    @property
    def is_estimate(self) -> bool:
        return self.person is None and self.count > BOUND


OPEN = "t.deleted_at IS NULL AND t.closed_at IS NULL"
ASSIGNED = f"""
    FROM tasks_assignment s JOIN tasks_task t ON t.id = s.task_id
    WHERE t.project_id = ANY(%(projects)s) AND {OPEN}
"""
# LIMIT bounds the count, so that it takes as long for a large queue as for a small one.
QUEUED = """
    SELECT e.entered_at FROM reviews_queueentry e
    WHERE e.project_id = p.id AND e.queue = '{queue}' LIMIT %(limit)s
"""
STATEMENT = f"""
    SELECT t.project_id, a.returned_to_id, 'returned', count(*), min(a.returned_at)
        FROM tasks_annotation a JOIN tasks_task t ON t.id = a.task_id
        WHERE t.project_id = ANY(%(projects)s) AND {OPEN} AND a.returned_to_id IS NOT NULL
        AND a.state IN ('returned', 'contested') GROUP BY 1, 2
    UNION ALL SELECT t.project_id, s.user_id, 'assigned', count(*), min(s.created_at) {ASSIGNED}
        AND s.type = 'AN' AND NOT t.is_labeled AND NOT EXISTS (SELECT 1 FROM tasks_annotation a
            WHERE a.task_id = t.id AND a.completed_by_id = s.user_id
            AND a.state NOT IN ('deleted', 'draft')) GROUP BY 1, 2
    UNION ALL SELECT t.project_id, s.user_id, 'to_review', count(*), min(e.entered_at)
        FROM tasks_assignment s JOIN tasks_task t ON t.id = s.task_id
        JOIN reviews_queueentry e ON e.task_id = t.id AND e.queue = 'review'
        WHERE t.project_id = ANY(%(projects)s) AND s.type = 'RE' AND s.user_id NOT IN (e.completed_by_id,
        e.written_by_id)
        GROUP BY 1, 2
    UNION ALL SELECT r.project_id, r.user_id, 'labelling', count(*), min(r.created_at)
    FROM tasks_reservation r
        JOIN tasks_task t ON t.id = r.task_id
        WHERE r.project_id = ANY(%(projects)s) AND {OPEN}
        AND r.expires_at > statement_timestamp() GROUP BY 1, 2
    UNION ALL SELECT e.project_id, e.leased_to_id, 'reviewing', count(*), min(e.leased_at)
    FROM reviews_queueentry e
        WHERE e.project_id = ANY(%(projects)s) AND e.lease IS NOT NULL
        AND e.leased_until > statement_timestamp() GROUP BY 1, 2
    UNION ALL SELECT p.id, NULL, 'to_review', count(*), min(f.entered_at) FROM tasks_project p
        CROSS JOIN LATERAL ({QUEUED.format(queue="review")}) f WHERE p.id = ANY(%(projects)s) GROUP BY 1
    UNION ALL SELECT p.id, NULL, 'disputes', count(*), min(f.entered_at) FROM tasks_project p
        CROSS JOIN LATERAL ({QUEUED.format(queue="disputes")}) f WHERE p.id = ANY(%(projects)s) GROUP BY 1
    ORDER BY 5, 1, 2, 3
"""


def waiting_on(projects: Collection[int]) -> list[Waiting]:
    """Longest waiting first. The caller checks that the reader manages these projects."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, {"projects": list(projects), "limit": BOUND + 1})
        return [Waiting(row[0], row[1], WaitingKind(row[2]), row[3], row[4]) for row in cursor.fetchall()]
