"""How much of a project is under way: what waits for a verdict, and what is out for rework. Counted to a
bound, so that the cost does not grow with the project."""

from dataclasses import dataclass

from django.db.models import QuerySet

from tasks.models import Annotation, Project
from tasks.state import State

from ..eligibility import OPEN_TASK
from ..models import Queue, QueueEntry

LIMIT = 10_000


@dataclass(frozen=True)
class UnderWay:
    """Annotations. LIMIT means: at least so many."""

    in_review: int
    returned: int

    @property
    def is_estimate(self) -> bool:
        return LIMIT in (self.in_review, self.returned)


def under_way(project: Project) -> UnderWay:
    waiting = QueueEntry.objects.filter(project=project, queue__in=(Queue.REVIEW, Queue.DISPUTES))
    returned = Annotation.objects.filter(OPEN_TASK, project=project, state__in=(State.RETURNED, State.POOLED))
    return UnderWay(in_review=_count(waiting), returned=_count(returned))


def _count(rows: QuerySet) -> int:
    return rows.order_by().values("pk")[:LIMIT].count()
