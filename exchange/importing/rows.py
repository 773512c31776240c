"""Makes the rows of an imported task. Their ids are reserved; nothing is written yet."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.utils import timezone

from reviews import final_answer
from reviews.counters import apply_comments, apply_siblings
from reviews.imported import ImportedVerdict, ImportedWork
from reviews.models import Comment
from reviews.siblings import Sibling, sibling_of
from tasks.counters import AnnotationCounts, apply_counts
from tasks.models import Annotation, Draft, Import, Prediction, Project, Task

from .authorship import People
from .entries import AnnotationEntry, CommentEntry, DraftEntry, PredictionEntry, TaskEntry
from .verdicts import VerdictEntry


def task_row(entry: TaskEntry, record: Import, *, pk: int, inner_id: int) -> Task:
    return Task(
        pk=pk,
        project=record.project,
        data=entry.data,
        inner_id=inner_id,
        overlap=record.project.maximum_annotations,
        unique_id=entry.unique_id or uuid.uuid4(),
        external_id=entry.external_id,
        file_upload_id=entry.upload,
        imported_by_id=record.pk,
        updated_by_id=record.created_by_id,
        is_staged=True,
        deleted_at=timezone.now(),
        **entry.fields,
    )


def annotation_row(
    entry: AnnotationEntry, record: Import, people: People, *, pk: int, task_id: int, unique_id: uuid.UUID
) -> Annotation:
    """The importer did not write it: every field that names an author has the author from the file."""
    author = people[entry.author]
    return Annotation(
        pk=pk,
        task_id=task_id,
        project_id=record.project_id,
        completed_by_id=author,
        written_by_id=author,
        version_author_id=author,
        last_created_by_id=author,
        result=entry.result,
        last_action=entry.review_state.last_action,
        unique_id=unique_id,
        imported_by_id=record.pk,
        **entry.fields,
    )


def prediction_row(entry: PredictionEntry, task: Task, *, pk: int) -> Prediction:
    created_at = entry.created_at or timezone.now()
    return Prediction(
        pk=pk,
        task_id=task.pk,
        project_id=task.project_id,
        result=entry.result,
        score=entry.score,
        model_version=entry.model_version,
        created_at=created_at,
        updated_at=created_at,
    )


def comment_row(
    entry: CommentEntry, annotation: Annotation, people: People, *, pk: int, at: datetime
) -> Comment:
    """`at` is the time of the import: what is later was written here."""
    created_at = min(entry.created_at or annotation.created_at, at)
    return Comment(
        pk=pk,
        text=entry.text,
        project_id=annotation.project_id,
        task_id=annotation.task_id,
        annotation_id=annotation.pk,
        created_by_id=people[entry.author],
        created_at=created_at,
        updated_at=min(max(entry.updated_at or created_at, created_at), at),
        is_resolved=entry.is_resolved,
        resolved_at=entry.resolved_at,
        region_ref=entry.region_ref,
        classifications=entry.classifications,
    )


def draft_row(entry: DraftEntry, task: Task, people: People, *, pk: int, at: datetime) -> Draft:
    created_at = min(entry.created_at or at, at)
    return Draft(
        pk=pk,
        task_id=task.pk,
        user_id=people[entry.author],
        result=entry.result,
        lead_time=entry.lead_time,
        created_at=created_at,
        updated_at=created_at,
    )


def work_of(entry: AnnotationEntry, annotation: Annotation, people: People, project: Project) -> ImportedWork:
    verdicts = [_verdict(verdict, people) for verdict in entry.review_state.verdicts]
    config = project.label_config_version_id
    return ImportedWork(annotation, verdicts, stands=entry.review_state.stands, label_config_id=config)


def _verdict(entry: VerdictEntry, people: People) -> ImportedVerdict:
    return ImportedVerdict(
        verdict=entry.verdict,
        reviewer_id=people[entry.reviewer],
        created_at=entry.created_at,
        before=entry.before,
        after=entry.after,
        reject_action=entry.reject_action,
        comment=entry.comment,
        reason=entry.reason,
        started_at=entry.started_at,
        undone_at=entry.undone_at,
        undone_by_id=people[entry.undone_by or entry.reviewer],
        outdated=entry.outdated,
        unique_id=entry.unique_id,
    )


def count_new(
    tasks: Collection[Task],
    annotations: Sequence[Annotation],
    predictions: Sequence[Prediction],
    comments: Sequence[Comment],
) -> None:
    """Set the counters of tasks that are not written yet, as a recount would."""
    counts: dict[int, AnnotationCounts] = defaultdict(AnnotationCounts)
    siblings: dict[int, list[Sibling]] = defaultdict(list)
    for annotation in annotations:
        sibling = sibling_of(annotation)
        counts[annotation.task_id].add(
            sibling.author_id, skipped=sibling.was_cancelled, fills_slot=sibling.fills_slot
        )
        siblings[annotation.task_id].append(sibling)
    said: dict[int, list[Comment]] = defaultdict(list)
    for comment in comments:
        said[comment.task_id].append(comment)
    for prediction in predictions:
        counts[prediction.task_id].add_prediction(prediction.score)
    for task in tasks:
        apply_counts(task, counts[task.pk])
        apply_comments(task, said[task.pk])
        apply_siblings(task, siblings[task.pk], task.project.review_criteria)
    final_answer.set_answers_of_new(tasks, annotations, siblings)
