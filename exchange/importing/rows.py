"""The rows that an entry of a file becomes. Their ids are reserved, nothing is written yet."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.utils import timezone

from reviews import final
from reviews.counters import apply_siblings
from reviews.imported import ImportedVerdict, ImportedWork
from reviews.models import TaskReviewer
from reviews.siblings import Sibling, sibling_of
from tasks.counters import AnnotationCounts, apply_counts
from tasks.models import Annotation, Import, Prediction, Project, Task, TaskAnnotator
from tasks.sql import copy_values

from .authorship import People
from .entries import Answer, Entry, Guess
from .verdicts import Verdict


def task_row(entry: Entry, record: Import, *, pk: int, inner_id: int) -> Task:
    return Task(
        pk=pk,
        project=record.project,
        data=entry.data,
        inner_id=inner_id,
        overlap=record.project.maximum_annotations,
        unique_id=entry.unique_id or uuid.uuid4(),
        external_id=entry.external_id,
        imported_by_id=record.pk,
        updated_by_id=record.created_by_id,
        **entry.fields,
    )


def annotation_row(
    answer: Answer, record: Import, people: People, *, pk: int, task_id: int, unique_id: uuid.UUID
) -> Annotation:
    """Whoever imports it did not write it: the author is who the file says, on every count."""
    author = people[answer.author]
    return Annotation(
        pk=pk,
        task_id=task_id,
        project_id=record.project_id,
        completed_by_id=author,
        written_by_id=author,
        version_author_id=author,
        last_created_by_id=author,
        result=answer.result,
        last_action=answer.said.last_action,
        unique_id=unique_id,
        imported_by_id=record.pk,
        **answer.fields,
    )


def prediction_row(guess: Guess, task: Task, *, pk: int) -> Prediction:
    created_at = guess.created_at or timezone.now()
    return Prediction(
        pk=pk,
        task_id=task.pk,
        project_id=task.project_id,
        result=guess.result,
        score=guess.score,
        model_version=guess.model_version,
        created_at=created_at,
        updated_at=created_at,
    )


def work_of(answer: Answer, annotation: Annotation, people: People, project: Project) -> ImportedWork:
    verdicts = [_verdict(verdict, people) for verdict in answer.said.verdicts]
    config = project.label_config_version_id
    return ImportedWork(annotation, verdicts, stands=answer.said.stands, label_config_id=config)


def _verdict(told: Verdict, people: People) -> ImportedVerdict:
    return ImportedVerdict(
        verdict=told.verdict,
        reviewer_id=people[told.reviewer],
        created_at=told.created_at,
        before=told.before,
        after=told.after,
        reject_action=told.reject_action,
        comment=told.comment,
        reason=told.reason,
        started_at=told.started_at,
        undone_at=told.undone_at,
        undone_by_id=people[told.undone_by or told.reviewer],
        outdated=told.outdated,
        unique_id=told.unique_id,
    )


def count_new(
    tasks: Collection[Task], annotations: Sequence[Annotation], predictions: Sequence[Prediction]
) -> None:
    """The counters of tasks that are not written yet, as a recount will find them."""
    counts: dict[int, AnnotationCounts] = defaultdict(AnnotationCounts)
    siblings: dict[int, list[Sibling]] = defaultdict(list)
    for annotation in annotations:
        sibling = sibling_of(annotation)
        counts[annotation.task_id].add(skipped=sibling.was_cancelled, fills_slot=sibling.fills_slot)
        siblings[annotation.task_id].append(sibling)
    for prediction in predictions:
        counts[prediction.task_id].add_prediction(prediction.score)
    for task in tasks:
        apply_counts(task, counts[task.pk])
        apply_siblings(task, siblings[task.pk], task.project.review_criteria)
    final.settle_new(tasks, annotations, siblings)


def copy_people(annotations: Sequence[Annotation], works: Sequence[ImportedWork]) -> None:
    """Who annotated and who reviewed the new tasks. Tuples: there are as many of these as annotations."""
    standing = (work.reviews[-1] for work in works if work.stands)
    _copy_pairs(TaskAnnotator, {(a.project_id, a.completed_by_id, a.task_id) for a in annotations})
    _copy_pairs(
        TaskReviewer, {(review.project_id, review.created_by_id, review.task_id) for review in standing}
    )


def _copy_pairs(model: type[TaskAnnotator] | type[TaskReviewer], rows: set[tuple[int, int, int]]) -> None:
    copy_values(model, [model._meta.get_field(name) for name in ("project", "user", "task")], rows)
