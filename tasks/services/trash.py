"""What was deleted and can still be restored (tasks/services/restoring.py), newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.utils import timezone

from users.models import User

from ..choices import HistoryAction
from ..models import Annotation, History, Project, ProjectChange, Task
from .projects import DELETED
from .restoring import RESTORABLE

COLUMNS = ("kind", "id", "task_", "deleted_at", "updated_by_id")


@dataclass(frozen=True)
class Deleted:
    """A deleted project, task or annotation; `deleted_by` is a user id, None where nobody noted it."""

    kind: str
    id: int
    project: int
    task: int | None
    deleted_at: datetime
    deleted_by: int | None

    @property
    def restorable_until(self) -> datetime:
        return self.deleted_at + RESTORABLE


def trash_of(project: Project, manager: User) -> QuerySet:
    """Rows of COLUMNS. Annotations of deleted tasks are restored with their task."""
    return _rows(Task.objects.deleted_for(manager), "task", project, F("id")).union(
        _rows(Annotation.objects.deleted_for(manager), "annotation", project, F("task_id")), all=True
    )


def _rows(deleted: QuerySet, kind: str, project: Project, task: Any) -> QuerySet:
    found = deleted.filter(project=project, deleted_at__gte=oldest()).order_by()
    found = found.annotate(kind=Value(kind, CharField()), task_=task)
    return found.values_list(*COLUMNS)


def described(project: Project, rows: Iterable[tuple]) -> list[Deleted]:
    """With who deleted it: of a task its last change, of an annotation a row of its history."""
    rows = list(rows)
    deleters = deleters_of([row[1] for row in rows if row[0] == "annotation"])
    return [
        Deleted(kind, pk, project.pk, task, at, deleters.get(pk) if kind == "annotation" else changed_by)
        for kind, pk, task, at, changed_by in rows
    ]


def deleters_of(annotations: list[int]) -> dict[int, int]:
    rows = History.objects.filter(annotation__in=annotations, action=HistoryAction.DELETED).order_by("pk")
    return dict(rows.values_list("annotation", "created_by"))


def deleted_projects(manager: User) -> QuerySet[Project]:
    found = Project.objects.deleted_for(manager).filter(deleted_at__gte=oldest())
    return found.order_by("-deleted_at", "-id").only("id", "deleted_at")


def described_projects(projects: Iterable[Project]) -> list[Deleted]:
    pks = [project.pk for project in projects]
    changes = ProjectChange.objects.filter(project__in=pks, setting=DELETED).order_by("pk")
    deleters = dict(changes.values_list("project", "changed_by"))
    return [
        Deleted("project", one.pk, one.pk, None, one.deleted_at, deleters.get(one.pk))
        for one in projects
        if one.deleted_at is not None
    ]


def oldest() -> datetime:
    return timezone.now() - RESTORABLE
