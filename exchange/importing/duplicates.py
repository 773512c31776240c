"""Finds the tasks of a batch that the project has already, by unique id or external id."""

import uuid
from collections.abc import Collection, Sequence

from django.db.models import Q

from tasks.errors import Refused
from tasks.models import Annotation, Import, Project, Task

from .entries import TaskEntry

ERROR, SKIP, UPDATE = "error", "skip", "update"
ON_DUPLICATE = (ERROR, SKIP, UPDATE)


def known_tasks(record: Import, entries: Sequence[TaskEntry]) -> dict[int, int]:
    """Number in the file → id of the task here, or 0 for the second of two equal tasks in the file."""
    by_key: dict[object, int] = {}
    named = Q(unique_id__in=[e.unique_id for e in entries if e.unique_id]) | Q(
        external_id__in=[e.external_id for e in entries if e.external_id]
    )
    present = Q(deleted_at=None) | Q(is_staged=True, imported_by=record)
    found_here = Task.objects.filter(named, present, project=record.project_id).order_by("-is_staged")
    for pk, unique_id, external_id, is_staged in found_here.values_list(
        "pk", "unique_id", "external_id", "is_staged"
    ):
        by_key |= dict.fromkeys((unique_id, external_id), 0 if is_staged else pk)
    known = {}
    for entry in entries:
        keys = [key for key in (entry.unique_id, entry.external_id) if key is not None]
        found = next((by_key[key] for key in keys if key in by_key), None)
        if found is not None:
            known[entry.number] = found
        by_key.update((key, found or 0) for key in keys)
    return known


def refuse_known(number: int | None, task_id: int) -> Refused:
    where = f"as task {task_id}" if task_id else "earlier in the file"
    which = "a task" if number is None else f"task {number}"
    detail = f"{which}: unique_id: it exists already, {where}."
    return Refused("duplicate_task", detail, field="unique_id")


def taken_unique_ids(project: Project, wanted: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Those of `wanted` that annotations of the project use → the task of the annotation."""
    return dict(
        Annotation.objects.filter(project=project, deleted_at=None, unique_id__in=wanted).values_list(
            "unique_id", "task_id"
        )
    )
