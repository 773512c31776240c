"""How much of a project is under way: what waits for a verdict, and what is out for rework. Counted to a bound, so that the cost
does not grow with the project."""

from dataclasses import dataclass

from django.db.models import QuerySet

from tasks.models import Annotation, Project

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
    returned = Annotation.objects.filter(
        project=project, returned_at__isnull=False, deleted_at=None, task__deleted_at=None
    )
    return UnderWay(in_review=_count(waiting), returned=_count(returned.filter(task__closed_at=None)))


def _count(rows: QuerySet) -> int:
    return rows.order_by().values("pk")[:LIMIT].count()
