"""What somebody labels next: their returned work first, then the lowest task that still wants an annotation."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from ..models import Annotation, Draft, Membership, Project
from ..roles import may

RETURNED = "Rejected work sent back to you"
FRESH = "Tasks that still want an annotation"
HISTORY_LENGTH = 100


@dataclass(frozen=True)
class Drawn:
    task_id: int
    queue: str
    annotation_id: int | None = None


def draw(project: Project, tasks: QuerySet, user: Any) -> Drawn | None:
    """From `tasks`, those this person sees. None: nothing is left. (Nothing is reserved: two people may draw one task.)"""
    if not may(user, "annotate", project):
        return None
    return _returned(tasks, user) or _fresh(project, tasks, user)


def _mine(user: Any) -> QuerySet:
    return Annotation.objects.filter(completed_by=user, deleted_at=None)


def _returned(tasks: QuerySet, user: Any) -> Drawn | None:
    waiting = Annotation.objects.filter(task__in=tasks.order_by().values("pk"), returned_to=user, returned_at__isnull=False)
    found = waiting.filter(deleted_at=None, is_draft=False).order_by("returned_at", "pk").first()
    return Drawn(found.task_id, RETURNED, found.pk) if found else None


def _fresh(project: Project, tasks: QuerySet, user: Any) -> Drawn | None:
    """`is_labeled` says that overlap is reached; a redistributed annotation has freed its slot, but not for its author."""
    if Membership.objects.filter(project=project, user=user, paused=True).exists():
        return None
    mine = Exists(_mine(user).filter(task=OuterRef("pk")))
    pk = tasks.filter(~mine, is_labeled=False).values_list("pk", flat=True).first()
    return Drawn(pk, FRESH) if pk else None


def history(project: Project, user: Any) -> list[dict[str, int | None]]:
    """What this person last worked on here, oldest first: `{taskId, annotationId}`; a draft has no annotation yet."""
    present = {"task__deleted_at": None, "user": user, "task__project": project, "annotation": None}
    done = _mine(user).filter(project=project, task__deleted_at=None, is_draft=False).order_by("-created_at")
    begun = Draft.objects.filter(**present).order_by("-created_at")
    rows = [(a.created_at, a.task_id, a.pk) for a in done.only("created_at", "task_id")[:HISTORY_LENGTH]]
    rows += [(d.created_at, d.task_id, None) for d in begun.only("created_at", "task_id")[:HISTORY_LENGTH]]
    latest = sorted(rows, key=lambda row: row[0])[-HISTORY_LENGTH:]
    return [{"taskId": task, "annotationId": annotation} for _, task, annotation in latest]
