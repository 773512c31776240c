"""Annotations on the wire: Label Studio's keys, and ours beside them."""

from typing import Any

from django.utils.timesince import timesince
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviews import workflow
from tasks.labelconfig import some_problems
from tasks.models import Annotation, Draft, History, Prediction
from tasks.strict_json import parse_json
from users.models import User

from .names import HidesReviewers

ASK = object()


class StrictJSONField(serializers.JSONField):
    """JSON that is text within a form is read as strictly as a JSON body is."""

    def to_internal_value(self, data: Any) -> Any:
        if getattr(data, "is_json_string", False):
            return parse_json(data.encode())
        return super().to_internal_value(data)


class ResultField(StrictJSONField):
    """A list of regions."""

    default_error_messages = {"not_regions": "A result is a list of regions, each an object."}

    def to_internal_value(self, data: Any) -> list[dict]:
        value = super().to_internal_value(data)
        if not isinstance(value, list) or not all(isinstance(region, dict) for region in value):
            self.fail("not_regions")
        return value


class AnnotationBodySerializer(serializers.ModelSerializer):
    """What is the same for every reader: payloads and exports are made of this."""

    created_username = serializers.SerializerMethodField()
    created_ago = serializers.SerializerMethodField()
    import_id = serializers.IntegerField(source="imported_by_id", read_only=True, allow_null=True)
    last_annotation_history = serializers.IntegerField(source="current_version_id", read_only=True)
    result_count = serializers.SerializerMethodField()
    result_problems = serializers.SerializerMethodField(
        help_text="What of the result the label configuration does not know."
    )

    class Meta:
        model = Annotation
        fields = [
            "id",
            "result",
            "created_username",
            "created_ago",
            "completed_by",
            "was_cancelled",
            "ground_truth",
            "created_at",
            "updated_at",
            "draft_created_at",
            "lead_time",
            "import_id",
            "last_action",
            "bulk_created",
            "task",
            "project",
            "updated_by",
            "parent_prediction",
            "parent_annotation",
            "last_created_by",
            "result_count",
            "result_problems",
            "unique_id",
            "version",
            "annotation_seq",
            "last_annotation_history",
            "is_draft",
            "returned_at",
            "rounds",
            "contested_at",
        ]
        read_only_fields = fields

    def get_created_username(self, annotation: Annotation) -> str:
        return _signature(annotation.completed_by)

    def get_created_ago(self, annotation: Annotation) -> str:
        return timesince(annotation.created_at)

    def get_result_count(self, annotation: Annotation) -> int:
        return len(annotation.result)

    def get_result_problems(self, annotation: Annotation) -> list[str]:
        return some_problems(annotation.result, annotation.project.label_config)


class AnnotationSerializer(HidesReviewers, AnnotationBodySerializer):
    """The same with what *this* reader may do to it."""

    hidden_names = ("last_created_by", "updated_by")
    people = ("completed_by", *hidden_names)
    can_be_reviewed = serializers.SerializerMethodField()
    allowed_actions = serializers.SerializerMethodField()
    refusals = serializers.SerializerMethodField()
    config_outdated = serializers.SerializerMethodField(
        help_text="Made under an earlier label configuration."
    )

    class Meta(AnnotationBodySerializer.Meta):
        fields = [
            *AnnotationBodySerializer.Meta.fields,
            "config_outdated",
            "can_be_reviewed",
            "allowed_actions",
            "refusals",
        ]
        read_only_fields = fields

    def get_created_username(self, annotation: Annotation) -> str:
        return _signature(self.identities(annotation).mask_user(annotation.completed_by))

    def get_config_outdated(self, annotation: Annotation) -> bool:
        said = getattr(annotation, "config_outdated", ASK)
        return (
            Annotation.objects.config_outdated().filter(pk=annotation.pk).exists()
            if said is ASK
            else bool(said)
        )

    def get_can_be_reviewed(self, annotation: Annotation) -> bool:
        return "accept" not in self._refusals(annotation)

    def get_allowed_actions(self, annotation: Annotation) -> list[str]:
        closed = self._refusals(annotation)
        return [action for action in workflow.REVIEW_ACTIONS if action not in closed]

    def get_refusals(self, annotation: Annotation) -> dict[str, dict[str, str]]:
        return {
            action: {"code": r.code, "detail": r.detail} for action, r in self._refusals(annotation).items()
        }

    def _refusals(self, annotation: Annotation) -> dict[str, workflow.Refusal]:
        asked = self.context.setdefault("refusals", {})
        if annotation.pk not in asked:
            asked[annotation.pk] = workflow.refusals(annotation, self.context["request"].user)
        return asked[annotation.pk]


def _signature(author: User) -> str:
    """Who did it, as Label Studio writes it."""
    return f"{author.get_full_name()} {author.email}, {author.pk}"


class WorkSerializer(serializers.Serializer):
    """What an annotator sends. Review state sent along is ignored, as unknown keys are."""

    result = ResultField(required=False)
    was_cancelled = serializers.BooleanField(required=False)
    ground_truth = serializers.BooleanField(required=False)
    lead_time = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1e9)
    started_at = serializers.DateTimeField(required=False, allow_null=True)
    completed_by = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    last_annotation_history = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**62
    )


class NewWorkSerializer(WorkSerializer):
    draft_id = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**62)
    parent_prediction = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**62
    )
    parent_annotation = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**62
    )
    unique_id = serializers.UUIDField(required=False, allow_null=True)


class DraftSerializer(serializers.ModelSerializer):
    result = ResultField(required=False)
    created_username = serializers.SerializerMethodField()
    created_ago = serializers.SerializerMethodField()
    result_problems = serializers.SerializerMethodField(
        help_text="What of the result the label configuration does not know."
    )

    class Meta:
        model = Draft
        fields = [
            "id",
            "user",
            "created_username",
            "created_ago",
            "result",
            "result_problems",
            "lead_time",
            "was_postponed",
            "created_at",
            "updated_at",
            "task",
            "annotation",
        ]
        read_only_fields = ["user", "task", "annotation", "created_at", "updated_at"]

    def get_created_username(self, draft: Draft) -> str:
        return _signature(draft.user)

    def get_created_ago(self, draft: Draft) -> str:
        return timesince(draft.created_at)

    def get_result_problems(self, draft: Draft) -> list[str]:
        return some_problems(draft.result, draft.task.project.label_config)


class PredictionSerializer(serializers.ModelSerializer):
    result = ResultField()
    created_ago = serializers.SerializerMethodField()

    class Meta:
        model = Prediction
        fields = [
            "id",
            "task",
            "project",
            "result",
            "score",
            "model_version",
            "created_ago",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["project", "created_at", "updated_at"]
        extra_kwargs = {"task": {"required": True}}

    def get_created_ago(self, prediction: Prediction) -> str:
        return timesince(prediction.created_at)


class HistorySerializer(HidesReviewers, serializers.ModelSerializer):
    """One row of what happened, with the result it happened on."""

    task_id = serializers.IntegerField(source="annotation.task_id", read_only=True)
    project_id = serializers.IntegerField(source="annotation.project_id", read_only=True)
    result = serializers.SerializerMethodField()
    version = serializers.IntegerField(source="number", read_only=True, allow_null=True)

    class Meta:
        model = History
        fields = [
            "id",
            "action",
            "annotation_id",
            "task_id",
            "project_id",
            "created_by",
            "created_at",
            "started_at",
            "lead_time",
            "result",
            "comment",
            "comment_id",
            "review_id",
            "draft_id",
            "version",
            "version_id",
            "label_config",
            "was_cancelled",
            "annotation_seq",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_result(self, row: History) -> list[dict] | None:
        if row.result is not None or row.version_id is None:
            return row.result
        return row.version.result
