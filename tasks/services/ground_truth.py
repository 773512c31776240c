"""Taking the ground truth mark off many annotations."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from users.models import User

from .. import counters, events
from ..models import Annotation, Task
from ..sql import update_rows


def unmark_many(annotation_ids: Iterable[int], *, actor: User) -> int:
    """These annotations, all of one project, are the ground truth no more. How many were. It is no edit:
    verdicts stand."""
    with transaction.atomic():
        locked = Annotation.objects.select_related("project").lock(annotation_ids)
        marked = [a for a in locked if a.ground_truth and a.deleted_at is None]
        tasks = {
            task.pk: task for task in Task.objects.select_related("project").lock(a.task_id for a in marked)
        }
        for annotation in marked:
            annotation.task = tasks[annotation.task_id]
            annotation.ground_truth = False
            annotation.annotation_seq += 1
            annotation.updated_by = actor
            annotation.updated_at = timezone.now()
        update_rows(marked, ["ground_truth", "annotation_seq", "updated_by", "updated_at"])
        counters.recount(list(tasks.values()), actor=actor)
        if marked:
            _tell(marked, list(tasks.values()), actor)
    return len(marked)


def _tell(marked: list[Annotation], tasks: list[Task], actor: User) -> None:
    events.tell(
        events.ANNOTATION_TOUCHED,
        marked[0].project,
        actor=actor,
        tasks=tuple(tasks),
        annotations=tuple(marked),
    )
