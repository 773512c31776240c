"""Permanently delete what is marked deleted. Only this gets past the append-only triggers."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from tasks.models import Annotation, History, Import, Project, ProjectDelta, Task
from tasks.services import uploads

from . import counters
from .models import BulkReview, Correction, Dispute, FinalPick, Review

RESTORABLE_DAYS = 30
BATCH = 1000
STEP_SECONDS = 15  # of the periodic job: a message that takes two minutes is given to another worker, too


def purge(before: datetime, *, seconds: float = math.inf) -> dict[str, int]:
    """Delete projects, tasks and annotations that were marked deleted before that time, with everything in
    them. Begins no batch after so many seconds: the next call goes on. Returns how many of each."""
    end = time.monotonic() + seconds
    projects = Project.objects.filter(deleted_at__lt=before)
    tasks = Task.objects.filter(Q(deleted_at__lt=before, is_staged=False) | Q(project__in=projects))
    annotations = Annotation.objects.filter(Q(deleted_at__lt=before) | Q(task__in=tasks))
    return {
        "annotations": sum(map(_purge_annotations, _batches(annotations, end))),
        "tasks": sum(map(_purge_tasks, _batches(tasks, end))),
        "projects": sum(map(_purge_projects, _batches(projects, end))),
    }


def purge_staged(record: Import, at_most: int = BATCH) -> int:
    """Delete up to so many tasks of an import that was stopped. How many it found."""
    with transaction.atomic():
        ids = list(
            Task.objects.filter(imported_by=record, is_staged=True).values_list("pk", flat=True)[:at_most]
        )
        purge_tasks(ids)
    return len(ids)


def purge_tasks(ids: list[int]) -> None:
    _purge_annotations(list(Annotation.objects.filter(task__in=ids).values_list("pk", flat=True)))
    _purge_tasks(ids)


def _batches(rows: QuerySet, end: float) -> Iterator[list[int]]:
    while time.monotonic() < end and (ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])):
        yield ids


@contextmanager
def _without_append_only() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        # Append-only triggers let a deletion pass while this is set (tasks/triggers.py).
        cursor.execute("SET LOCAL countersign.purge = 'on'")
        yield
        cursor.execute("SET LOCAL countersign.purge = 'off'")


def _purge_annotations(ids: list[int]) -> int:
    with _without_append_only():
        tasks = list(
            Task.objects.lock(
                Annotation.objects.filter(pk__in=ids, deleted_at__isnull=False).values_list("task", flat=True)
            )
        )
        # Reviews and versions refer to each other: their foreign keys are checked at commit.
        for model in (Correction, Dispute, FinalPick, Review, History):
            rows = model._default_manager.filter(annotation__in=ids)
            rows._raw_delete(rows.db)  # delete() would first collect what refers to them, and stop at PROTECT
        Annotation.objects.filter(pk__in=ids).delete()
        counters.recount_comments(tasks)
    return len(ids)


def _purge_tasks(ids: list[int]) -> int:
    with _without_append_only():
        Task.objects.filter(pk__in=ids).delete()
    return len(ids)


def _purge_projects(ids: list[int]) -> int:
    with _without_append_only():
        BulkReview.objects.filter(project__in=ids).delete()
        ProjectDelta.objects.filter(project_id__in=ids).delete()
        uploads.delete_files_of(ids)
        # Else its PROTECT would stop the deletion: the version itself is deleted with the project.
        Project.objects.filter(pk__in=ids).update(label_config_version=None)
        Project.objects.filter(pk__in=ids).delete()
    return len(ids)
