"""How much work is left and how far a project is, for the bar above the editor and for the start page."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from reviews.corrections import feed
from reviews.eligibility import returned_to
from reviews.models import Queue, QueueEntry
from reviews.queue.drawing import QueueRequest, available_to, remaining
from tasks.models import Annotation, Project
from tasks.own_work import totals_for
from tasks.progress import Progress, progress_from
from tasks.roles import may
from tasks.totals import totals_of
from users.models import User


def of_review(project: Project, user: User, queue: str | None = None) -> dict[str, int]:
    """`left` in this person's queue; `done` of `total` tasks are reviewed, or not in the review sample."""
    totals = totals_of([project.pk])[project.pk]
    return {
        "left": remaining(QueueRequest(project, user, queue)),
        "done": totals["review_done"],
        "total": totals["tasks"],
    }


def of_labelling(project: Project, user: User) -> dict[str, int]:
    """`done` of `total` tasks have all annotations; for an annotator, one of theirs. `returned` and
    `corrections` concern this person."""
    totals = totals_for(user, [project])[project.pk]
    return {
        "left": totals["tasks"] - totals["finished"],
        "done": totals["finished"],
        "total": totals["tasks"],
        "returned": Annotation.objects.filter(returned_to(user), project=project).count(),
        "corrections": feed(user).filter(project=project, acknowledged_at=None).count(),
    }


@dataclass(frozen=True)
class Row:
    """One project on the start page. `may_review`, `waiting` and `returned` are about its reader; so are the
    totals, of an annotator."""

    project: Project
    totals: dict[str, int]
    progress: Progress
    may_review: bool
    waiting: int
    returned: int


def rows_of(projects: Iterable[Project], user: User) -> list[Row]:
    """The number of queries does not depend on the number of projects."""
    listed = list(projects)
    pks = [project.pk for project in listed]
    totals, waiting, returned = (
        totals_for(user, listed),
        _count_by_project(waiting_for(user), pks),
        _count_by_project(Annotation.objects.filter(returned_to(user)), pks),
    )
    return [
        Row(
            project=project,
            totals=totals[pk],
            progress=progress_from(project, totals[pk]),
            may_review=may(user, "review_annotation", project),
            waiting=waiting.get(pk, 0),
            returned=returned.get(pk, 0),
        )
        for pk, project in zip(pks, listed, strict=True)
    ]


def waiting_for(user: User) -> QuerySet[QueueEntry]:
    """What this person could be handed to decide."""
    return QueueEntry.objects.filter(available_to(user), queue__in=(Queue.REVIEW, Queue.DISPUTES))


def _count_by_project(rows: QuerySet, projects: list[int]) -> dict[int, int]:
    found = rows.filter(project__in=projects).order_by().values_list("project").annotate(Count("pk"))
    return dict(found)
