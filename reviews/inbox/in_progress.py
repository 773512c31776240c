"""How many annotations of a project wait for a verdict or for rework. Counted to a limit, so that the cost
does not grow with the project.
"""

from dataclasses import dataclass

from django.db.models import QuerySet

from tasks.models import Annotation, Project
from tasks.own_work import own_annotations
from tasks.roles import may
from tasks.state import UNDECIDED, State
from users.models import User

from ..eligibility import OPEN_TASK
from ..models import Queue, QueueEntry

LIMIT = 10_000


@dataclass(frozen=True)
class WorkInProgress:
    """Numbers of annotations. LIMIT means: at least that many."""

    in_review: int
    returned: int

    @property
    def is_estimate(self) -> bool:
        return LIMIT in (self.in_review, self.returned)


def work_in_progress(project: Project, reader: User) -> WorkInProgress:
    """Of everybody's work; to an annotator, of their own."""
    if not may(reader, "view_all_annotations", project):
        own = own_annotations(reader).filter(OPEN_TASK, project=project)
        return WorkInProgress(_count(own.filter(UNDECIDED)), _count(own.filter(returned_at__isnull=False)))
    waiting = QueueEntry.objects.filter(project=project, queue__in=(Queue.REVIEW, Queue.DISPUTES))
    # Contested work may have been sent back, too.
    returned = Annotation.objects.filter(OPEN_TASK, project=project, returned_at__isnull=False)
    returned = returned.exclude(state=State.DELETED)
    return WorkInProgress(in_review=_count(waiting), returned=_count(returned))


def _count(rows: QuerySet) -> int:
    # The slice becomes a subquery, so PostgreSQL stops counting at LIMIT.
    return rows.order_by().values("pk")[:LIMIT].count()
