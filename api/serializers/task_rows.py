"""A task with its annotations, predictions and drafts, as Label Studio's lists and label stream show it."""

import json
from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from reviews.disputes import hidden_from
from reviews.rework import why_returned
from tasks.models import Annotation, Task
from tasks.pseudonyms import identities_in
from tasks.results import finite_or_none, regions_of
from users.models import User

from .annotations import draft_body, prediction_body
from .notes import listed_annotation
from .queue import LeaseSerializer, ReturnedSerializer, lease_body
from .task_parts import TaskParts, full_parts_of
from .tasks import (
    ExpandedAnnotationSerializer,
    FullTaskSerializer,
    TaskSerializer,
    expanded_person_body,
    task_for_reader,
)
from .values import Body


class TableTaskSerializer(FullTaskSerializer):
    annotations_results = serializers.CharField(read_only=True)
    annotations_ids = serializers.CharField(read_only=True)
    predictions_results = serializers.CharField(read_only=True)
    predictions_score = serializers.FloatField(read_only=True, allow_null=True)
    predictions_model_versions = serializers.CharField(read_only=True)
    avg_lead_time = serializers.FloatField(read_only=True, allow_null=True)
    draft_exists = serializers.BooleanField(read_only=True)

    class Meta(FullTaskSerializer.Meta):
        fields = [
            *FullTaskSerializer.Meta.fields,
            "annotations_results",
            "annotations_ids",
            "predictions_results",
            "predictions_score",
            "predictions_model_versions",
            "avg_lead_time",
            "draft_exists",
        ]

    def to_representation(self, task: Task) -> Body:
        return table_rows([task], self.context["request"].user)[0]


class TaskOfListSerializer(TableTaskSerializer):
    """A task of a list, for OpenAPI. The last keys come with `fields=all`, `view` or `query` only."""

    cut = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(TableTaskSerializer.Meta):
        fields = [*TableTaskSerializer.Meta.fields, "cut"]
        optional_keys = [
            *TableTaskSerializer.Meta.optional_keys,
            *(name for name in TableTaskSerializer.Meta.fields if name not in TaskSerializer.Meta.fields),
            "cut",
        ]


def table_rows(tasks: Sequence[Task], reader: User) -> list[Body]:
    """Rows of the data manager."""
    parts = full_parts_of(tasks, reader)
    return [_table_row(task, parts[task.pk], reader) for task in tasks]


class TaskOfProjectSerializer(FullTaskSerializer):
    """A row of `/api/projects/{id}/tasks/`, where Label Studio names who changed a task by their id alone."""

    updated_by = serializers.IntegerField(read_only=True, allow_null=True)  # type: ignore[assignment]


def tasks_of_project(tasks: Sequence[Task], reader: User) -> list[Body]:
    parts = full_parts_of(tasks, reader)
    rows = [_full_task(task, parts[task.pk], reader) for task in tasks]
    return [
        row | {"updated_by": row["updated_by"][0]["user_id"] if row["updated_by"] else None} for row in rows
    ]


def _table_row(task: Task, parts: TaskParts, reader: User) -> Body:
    return _full_task(task, parts, reader) | {
        "annotations_results": _joined([annotation.result for annotation in parts.annotations]),
        "annotations_ids": _ids(parts.annotations),
        "predictions_results": _joined([prediction.result for prediction in parts.predictions]),
        **_computed(parts),
    }


def _full_task(task: Task, parts: TaskParts, reader: User, *, hides_reviewers: bool | None = None) -> Body:
    return task_for_reader(task, parts, reader, hides_reviewers=hides_reviewers) | {
        "annotations": [listed_annotation(one, parts.notes, reader) for one in parts.annotations],
        "predictions": [prediction_body(prediction) for prediction in parts.predictions],
        "drafts": [draft_body(draft) for draft in parts.drafts],
    }


def _ids(annotations: list[Annotation]) -> str:
    return ",".join(str(annotation.pk) for annotation in annotations)


def _computed(parts: TaskParts) -> Body:
    models = dict.fromkeys(prediction.model_version for prediction in parts.predictions)
    return {
        "predictions_score": _mean([prediction.score for prediction in parts.predictions]),
        "predictions_model_versions": ", ".join(models),
        "avg_lead_time": _mean([annotation.lead_time for annotation in parts.annotations]),
        "draft_exists": bool(parts.drafts),
    }


class OneTaskSerializer(TableTaskSerializer):
    """GET of one task: the author of each annotation is an object, and its results are not repeated."""

    annotations = ExpandedAnnotationSerializer(many=True, read_only=True)
    annotations_results: Any = None
    predictions_results: Any = None

    class Meta(TableTaskSerializer.Meta):
        fields = [
            name
            for name in TableTaskSerializer.Meta.fields
            if name not in ("annotations_results", "predictions_results")
        ]

    def to_representation(self, task: Task) -> Body:
        return one_task(task, self.context["request"].user)


def one_task(task: Task, reader: User) -> Body:
    return _one_task(task, full_parts_of([task], reader)[task.pk], reader)


def _one_task(task: Task, parts: TaskParts, reader: User, *, hides_reviewers: bool | None = None) -> Body:
    body = _full_task(task, parts, reader, hides_reviewers=hides_reviewers)
    identities = identities_in(task.project_id, reader)
    for annotation, shown in zip(parts.annotations, body["annotations"], strict=True):
        shown["completed_by"] = expanded_person_body(identities.mask_user(annotation.completed_by))
    return body | {"annotations_ids": _ids(parts.annotations), **_computed(parts)}


class NextTaskSerializer(OneTaskSerializer):
    """A task to label now, with the lease on it; returned work needs none, and says why it came back."""

    queue = serializers.CharField(read_only=True)
    unique_lock_id = serializers.CharField(read_only=True, allow_null=True)
    default_selected_annotation = serializers.IntegerField(read_only=True, allow_null=True)
    lease = LeaseSerializer(read_only=True, allow_null=True)
    returned = ReturnedSerializer(read_only=True, allow_null=True)

    class Meta(OneTaskSerializer.Meta):
        fields = [
            *OneTaskSerializer.Meta.fields,
            "queue",
            "unique_lock_id",
            "default_selected_annotation",
            "lease",
            "returned",
        ]

    def to_representation(self, task: Task) -> Body:
        return next_task(task, self.context["request"].user, self.context["drawn"])


def next_task(task: Task, reader: User, drawn: Any) -> Body:
    parts = full_parts_of([task], reader, own_work=True)[task.pk]
    # The work of others, which is not shown here, may be contested all the same.
    contested = Annotation.objects.filter(hidden_from(reader), task=task, deleted_at=None).exists()
    annotation = next((one for one in parts.annotations if one.pk == drawn.annotation_id), None)
    return _one_task(task, parts, reader, hides_reviewers=contested) | {
        "queue": drawn.queue,
        "unique_lock_id": str(drawn.place.id) if drawn.place else None,
        "default_selected_annotation": drawn.annotation_id,
        "lease": lease_body(drawn.place),
        "returned": dict(ReturnedSerializer(why_returned(annotation)).data) if annotation else None,
    }


def _joined(results: list[Any]) -> str:
    return (
        json.dumps([region for result in results for region in regions_of(result)], ensure_ascii=False)
        if results
        else ""
    )


def _mean(numbers: list[float | None]) -> float | None:
    known = [known for number in numbers if (known := finite_or_none(number)) is not None]
    return sum(known) / len(known) if known else None
