"""Many annotations at once: locked together, and sorted by what the workflow says of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import prefetch_related_objects

from tasks.errors import Refused
from tasks.models import Annotation, Task

from . import workflow
from .models import BulkReview


@dataclass
class Report:
    """What a bulk action did: what was decided, and what was refused with the reason."""

    bulk: BulkReview
    done: list[Annotation] = field(default_factory=list)
    refused: list[tuple[Annotation, workflow.Refusal]] = field(default_factory=list)


def open_selection(
    action: str, annotations: Iterable[Annotation], *, actor: Any
) -> tuple[Report, list[Task]]:
    """Lock a selection and sort it by what the workflow says. `report.done` is what may be done."""
    locked = [
        a
        for a in Annotation.objects.select_related("project").lock(a.pk for a in annotations)
        if a.deleted_at is None
    ]
    if not locked:
        raise Refused("nothing_selected", "Nothing of this selection exists any more.")
    if len({a.project_id for a in locked}) > 1:
        raise Refused("mixed_projects", "A selection must be of one project.")
    project = locked[0].project
    prefetch_related_objects(locked, "completed_by__memberships")
    tasks = list(Task.objects.lock(a.task_id for a in locked))
    if project.review_only_manual_assignments:
        prefetch_related_objects(tasks, "assignments")
    by_id = {task.pk: task for task in tasks}
    bulk = BulkReview.objects.create(project=project, action=action, created_by=actor)
    report = Report(bulk)
    for annotation in locked:
        annotation.project = project
        annotation.task = by_id[annotation.task_id]
        annotation.task.project = project
        refusal = workflow.refusal(action, annotation, actor)
        if refusal:
            report.refused.append((annotation, refusal))
        else:
            report.done.append(annotation)
    return report, tasks
