"""A task as a row of the table: Label Studio's computed columns, from what the page has read anyway."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviews.disputes import hidden_from
from reviews.returned import why_returned
from tasks.models import Annotation, Task

from .queue import LeaseSerializer, ReturnedSerializer
from .tasks import ExpandedAnnotationSerializer, FullTaskSerializer


class TableTaskSerializer(FullTaskSerializer):
    """Wants `annotations`, `predictions` and `drafts` prefetched, each what the reader sees."""

    annotations_results = serializers.SerializerMethodField()
    annotations_ids = serializers.SerializerMethodField()
    predictions_results = serializers.SerializerMethodField()
    predictions_score = serializers.SerializerMethodField()
    predictions_model_versions = serializers.SerializerMethodField()
    avg_lead_time = serializers.SerializerMethodField()
    draft_exists = serializers.SerializerMethodField()

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

    def get_annotations_results(self, task: Task) -> str:
        return _joined([annotation.result for annotation in task.annotations.all()])

    def get_annotations_ids(self, task: Task) -> str:
        return ",".join(str(annotation.pk) for annotation in task.annotations.all())

    def get_predictions_results(self, task: Task) -> str:
        return _joined([prediction.result for prediction in task.predictions.all()])

    def get_predictions_score(self, task: Task) -> float | None:
        return _mean([prediction.score for prediction in task.predictions.all()])

    def get_predictions_model_versions(self, task: Task) -> str:
        return ", ".join(dict.fromkeys(prediction.model_version for prediction in task.predictions.all()))

    def get_avg_lead_time(self, task: Task) -> float | None:
        return _mean([annotation.lead_time for annotation in task.annotations.all()])

    def get_draft_exists(self, task: Task) -> bool:
        return bool(task.drafts.all())


class OneTaskSerializer(TableTaskSerializer):
    """GET of one task: the author of each annotation is an object, and its results are not said twice."""

    annotations = ExpandedAnnotationSerializer(many=True, read_only=True)
    annotations_results = None
    predictions_results = None

    class Meta(TableTaskSerializer.Meta):
        fields = [
            name
            for name in TableTaskSerializer.Meta.fields
            if name not in ("annotations_results", "predictions_results")
        ]


class NextTaskSerializer(OneTaskSerializer):
    """A task to label now, with the lease on it; returned work needs none, and says why it came back."""

    queue = serializers.SerializerMethodField()
    unique_lock_id = serializers.SerializerMethodField()
    default_selected_annotation = serializers.SerializerMethodField()
    lease = serializers.SerializerMethodField()
    returned = serializers.SerializerMethodField()

    class Meta(OneTaskSerializer.Meta):
        fields = [
            *OneTaskSerializer.Meta.fields,
            "queue",
            "unique_lock_id",
            "default_selected_annotation",
            "lease",
            "returned",
        ]

    def get_queue(self, task: Task) -> str:
        return self.context["drawn"].queue

    def get_unique_lock_id(self, task: Task) -> str | None:
        place = self.context["drawn"].place
        return str(place.id) if place else None

    @extend_schema_field(LeaseSerializer(allow_null=True))
    def get_lease(self, task: Task) -> dict[str, Any] | None:
        place = self.context["drawn"].place
        return LeaseSerializer(place).data if place else None

    @extend_schema_field(ReturnedSerializer(allow_null=True))
    def get_returned(self, task: Task) -> dict[str, Any] | None:
        drawn = self.context["drawn"].annotation_id
        annotation = next((one for one in task.annotations.all() if one.pk == drawn), None)
        return ReturnedSerializer(why_returned(annotation)).data if annotation else None

    def get_default_selected_annotation(self, task: Task) -> int | None:
        return self.context["drawn"].annotation_id

    def _hides_who_rejected(self, task: Task) -> bool:
        """Also of work by others, which a task to label comes without."""
        contested = hidden_from(self.context["request"].user)
        return Annotation.objects.filter(contested, task=task, deleted_at=None).exists()


def _joined(results: list[Any]) -> str:
    return (
        json.dumps([region for result in results for region in result], ensure_ascii=False) if results else ""
    )


def _mean(numbers: list[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known else None
