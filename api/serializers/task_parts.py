"""What belongs to tasks, as one reader sees it: one query for each table, however many tasks."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Model, QuerySet, prefetch_related_objects

from reviews.identities import reviewers_shown_to
from reviews.models import Comment
from reviews.opened import note_opened
from tasks.models import Annotation, Draft, Prediction, Task
from users.models import User

from .notes import Notes, notes_on

Row = TypeVar("Row", bound=Model)


@dataclass
class TaskParts:
    """`commenters` and `reviewers` are user ids."""

    annotations: list[Annotation] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    commenters: set[int] = field(default_factory=set)
    reviewers: set[int] = field(default_factory=set)
    notes: Notes = field(default_factory=Notes)


def parts_of(tasks: Sequence[Task], reader: User, *, own_work: bool = False) -> dict[int, TaskParts]:
    """By task id, without predictions and drafts. `own_work`: of annotations, only the reader's."""
    parts: dict[int, TaskParts] = defaultdict(TaskParts)
    by_id = {task.pk: task for task in tasks}
    seen = Annotation.objects.visible_to(reader).listed().with_config_outdated()
    seen = seen.filter(completed_by=reader) if own_work else seen
    for annotation in _of(tasks, seen):
        annotation.task = by_id[annotation.task_id]
        annotation.project = annotation.task.project
        parts[annotation.task_id].annotations.append(annotation)
    listed = [annotation for one in parts.values() for annotation in one.annotations]
    note_opened(listed, reader)
    notes = notes_on(listed)
    for one in parts.values():
        one.notes = notes
    comments = Comment.objects.present().filter(task__in=list(by_id)).order_by()
    for task_id, commenter in comments.values_list("task_id", "created_by_id").distinct():
        parts[task_id].commenters.add(commenter)
    reviewers = reviewers_shown_to(reader).filter(task__in=list(by_id))
    for task_id, reviewer in reviewers.values_list("task_id", "user_id"):
        parts[task_id].reviewers.add(reviewer)
    return parts


def full_parts_of(tasks: Sequence[Task], reader: User, *, own_work: bool = False) -> dict[int, TaskParts]:
    """With predictions, the reader's drafts, and the authors of the annotations."""
    parts, by_id = parts_of(tasks, reader, own_work=own_work), {task.pk: task for task in tasks}
    annotations = [annotation for one in parts.values() for annotation in one.annotations]
    prefetch_related_objects(annotations, "completed_by")
    for prediction in _of(tasks, Prediction.objects.all()):
        parts[prediction.task_id].predictions.append(prediction)
    for draft in _of(tasks, Draft.objects.visible_to(reader)):
        draft.task, draft.user = by_id[draft.task_id], reader
        parts[draft.task_id].drafts.append(draft)
    return parts


def _of(tasks: Sequence[Task], rows: QuerySet[Row]) -> QuerySet[Row]:
    return rows.filter(task__in=[task.pk for task in tasks]).order_by("id")
