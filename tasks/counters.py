"""The annotation counters of a task: never incremented, always recomputed under the task's lock."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone

from users.models import User

from .models import Annotation, Prediction, Task
from .sql import update_rows
from .state import ABSENT
from .totals import totals_follow

COUNTED_FIELDS = (
    "total_annotations",
    "cancelled_annotations",
    "total_predictions",
    "lowest_score",
    "is_labeled",
    "completed_at",
)
TOUCHED_FIELDS = ("updated_at", "updated_by")

SYNC_ANNOTATORS = """
    WITH wanted AS (
        SELECT DISTINCT project_id, completed_by_id AS user_id, task_id FROM tasks_annotation
        WHERE task_id = ANY(%(tasks)s) AND state NOT IN ('deleted', 'draft')
    ), removed AS (
        DELETE FROM tasks_taskannotator a WHERE a.task_id = ANY(%(tasks)s)
        AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.task_id = a.task_id AND w.user_id = a.user_id)
    )
    INSERT INTO tasks_taskannotator (project_id, user_id, task_id)
    SELECT project_id, user_id, task_id FROM wanted ON CONFLICT DO NOTHING
"""


@dataclass
class AnnotationCounts:
    """Counts of the annotations and predictions of one task."""

    done: int = 0
    skipped: int = 0
    # Overlap counts people: a second annotation by the same author fills no slot.
    slot_holders: set[int] = field(default_factory=set)
    predictions: int = 0
    lowest_score: float | None = None

    @property
    def filled_slots(self) -> int:
        return len(self.slot_holders)

    def add(self, author_id: int, *, skipped: bool, fills_slot: bool) -> None:
        self.skipped += skipped
        self.done += not skipped
        if fills_slot:
            self.slot_holders.add(author_id)

    def add_prediction(self, score: float | None) -> None:
        self.predictions += 1
        scores = [one for one in (self.lowest_score, score) if one is not None]
        self.lowest_score = min(scores, default=None)


def count_annotations(task_ids: Collection[int]) -> dict[int, AnnotationCounts]:
    counts: dict[int, AnnotationCounts] = defaultdict(AnnotationCounts)
    rows = Annotation.objects.filter(task_id__in=task_ids).exclude(state__in=ABSENT)
    for task, author, skipped, fills_slot in rows.values_list(
        "task_id", "completed_by_id", "was_cancelled", "fills_slot"
    ):
        counts[task].add(author, skipped=skipped, fills_slot=fills_slot)
    predictions = (
        Prediction.objects.filter(task_id__in=task_ids)
        .values_list("task_id")
        .annotate(Count("id"), Min("score"))
    )
    for task, number, lowest in predictions:
        counts[task].predictions, counts[task].lowest_score = number, lowest
    return counts


def recount(tasks: Collection[Task], *, actor: User | None = None) -> None:
    """Update the annotation counters of these locked tasks, and who changed them last."""
    counts = count_annotations([task.pk for task in tasks])
    with totals_follow(tasks):
        for task in tasks:
            apply_counts(task, counts[task.pk])
            touch(task, actor)
        update_rows(list(tasks), [*COUNTED_FIELDS, *TOUCHED_FIELDS])
    sync_annotators(task.pk for task in tasks)


def apply_counts(task: Task, counts: AnnotationCounts) -> None:
    task.total_annotations = counts.done
    task.cancelled_annotations = counts.skipped
    task.total_predictions = counts.predictions
    task.lowest_score = counts.lowest_score
    task.is_labeled = counts.filled_slots >= task.overlap
    if not task.is_labeled:
        task.completed_at = None
    # Else it stays: another annotation does not complete the task again.
    elif task.completed_at is None:
        task.completed_at = timezone.now()


def touch(task: Task, actor: User | None) -> None:
    task.updated_at = timezone.now()
    if actor is not None:
        task.updated_by = actor


def sync_annotators(task_ids: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SYNC_ANNOTATORS, {"tasks": list(task_ids)})
