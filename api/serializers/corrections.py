"""Operations between two versions, corrections by fixes, and how often which label became which."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviews.corrections import operation_of
from reviews.models import Correction
from tasks.diff import Operation

from .names import HidesReviewers
from .users import PersonSerializer


class OperationSerializer(serializers.Serializer):
    """One difference. `sentence` says it in words: "moved, overlap 0.83", "Positive → Neutral"."""

    kind = serializers.ChoiceField(choices=Correction.Kind.choices)
    region = serializers.CharField(help_text="Empty if it is about the whole task.")
    control = serializers.CharField()
    label_from = serializers.CharField()
    label_to = serializers.CharField()
    overlap = serializers.FloatField(allow_null=True, help_text="Intersection over union, 0 to 1.")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    sentence = serializers.CharField()

    def to_representation(self, operation: Operation) -> dict[str, Any]:
        return operation.as_body()


class ChangedSinceSerializer(serializers.Serializer):
    """`since` and `now` are ids of history rows. `since` is null before the first review."""

    since = serializers.IntegerField(allow_null=True)
    now = serializers.IntegerField(allow_null=True)
    outdated = serializers.BooleanField(help_text="The last review was of an earlier version.")
    changes = OperationSerializer(many=True)


class CorrectionSerializer(HidesReviewers, serializers.ModelSerializer):
    """One thing a fix changed. `created_by` is the reviewer, if the reader may know them."""

    people = ("created_by", "annotator")
    created_by = serializers.IntegerField(source="review.created_by_id", read_only=True, allow_null=True)
    task = serializers.IntegerField(source="annotation.task_id", read_only=True)
    sentence = serializers.SerializerMethodField()
    before = serializers.JSONField(read_only=True, allow_null=True)
    after = serializers.JSONField(read_only=True, allow_null=True)
    undone = serializers.SerializerMethodField()

    class Meta:
        model = Correction
        fields = [
            "id",
            "kind",
            "region",
            "control",
            "label_from",
            "label_to",
            "overlap",
            "before",
            "after",
            "sentence",
            "review",
            "annotation",
            "task",
            "project",
            "annotator",
            "created_by",
            "created_at",
            "acknowledged_at",
            "undone",
        ]
        read_only_fields = fields

    def get_sentence(self, correction: Correction) -> str:
        return operation_of(correction).sentence

    def get_undone(self, correction: Correction) -> bool:
        return correction.review.undone_at is not None


class AcknowledgedSerializer(serializers.Serializer):
    acknowledged = serializers.IntegerField(help_text="How many were not acknowledged before this.")


class ConfusionSerializer(serializers.Serializer):
    """How often reviewers changed `label_from` by this annotator to `label_to`. An empty label: no region."""

    annotator = serializers.SerializerMethodField()
    control = serializers.CharField()
    label_from = serializers.CharField()
    label_to = serializers.CharField()
    count = serializers.IntegerField()

    @extend_schema_field(PersonSerializer)
    def get_annotator(self, group: dict[str, Any]) -> dict[str, Any]:
        return PersonSerializer(self.context["people"][group["annotator"]]).data
