"""Verdicts and comments on the wire."""

from typing import Any

from rest_framework import serializers

from reviews.decisions.request import RETURN_TO_ANYONE, RETURN_TO_AUTHOR
from reviews.models import Comment, Review
from tasks.choices import RejectAction

from .annotations import ResultField
from .names import HidesReviewers
from .users import CommentAuthorSerializer

BIG = 2**62


class ReviewSerializer(HidesReviewers, serializers.ModelSerializer):
    """Label Studio's keys; `state`, `verdict`, `reason`, `unique_id` and `supersedes` are ours. Never the comment."""

    result = serializers.SerializerMethodField()
    previous_annotation_history = serializers.IntegerField(source="seen_version_id", read_only=True)
    fixed_annotation_history = serializers.IntegerField(
        source="fixed_version_id", read_only=True, allow_null=True
    )
    last_annotation_history = serializers.IntegerField(source="seen_version_id", read_only=True)
    accepted = serializers.BooleanField(read_only=True)
    state = serializers.CharField(read_only=True)
    remove_from_queue = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = [
            "id",
            "annotation",
            "accepted",
            "verdict",
            "created_by",
            "created_at",
            "started_at",
            "result",
            "reject_action",
            "remove_from_queue",
            "reason",
            "previous_annotation_history",
            "fixed_annotation_history",
            "last_annotation_history",
            "state",
            "unique_id",
        ]
        read_only_fields = fields

    def get_result(self, review: Review) -> list[dict] | None:
        return review.fixed_version.result if review.fixed_version_id else None

    def get_remove_from_queue(self, review: Review) -> bool | None:
        return review.reject_action == RejectAction.REMOVE if review.reject_action else None


class VerdictSerializer(serializers.Serializer):
    """What every door takes beside the verdict itself."""

    comment = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=10_000)
    last_annotation_history = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=BIG
    )
    started_at = serializers.DateTimeField(required=False, allow_null=True)


class RejectSerializer(VerdictSerializer):
    reject_action = serializers.ChoiceField(choices=RejectAction.choices, required=False, allow_null=True)
    reason = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=64)
    assignee = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=BIG)


class FixSerializer(VerdictSerializer):
    result = ResultField(required=False, allow_null=True)


class ReviewRequestSerializer(RejectSerializer):
    """Label Studio's one endpoint for every verdict."""

    annotation = serializers.IntegerField(min_value=1, max_value=BIG)
    accepted = serializers.BooleanField(required=False, default=False)
    result = ResultField(required=False, allow_null=True)
    remove_from_queue = serializers.BooleanField(required=False, allow_null=True)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        older_form = sent.pop("remove_from_queue", None)
        if sent.get("reject_action") is None and older_form is not None:
            sent["reject_action"] = RejectAction.REMOVE if older_form else RejectAction.REQUEUE
        return sent


class ReviewChangeSerializer(ReviewRequestSerializer):
    annotation = serializers.IntegerField(required=False, min_value=1, max_value=BIG)
    accepted = serializers.BooleanField(required=False)


class ReopenSerializer(serializers.Serializer):
    to = serializers.ChoiceField(choices=[RETURN_TO_AUTHOR, RETURN_TO_ANYONE], default=RETURN_TO_AUTHOR)
    comment = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=10_000)
    last_annotation_history = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=BIG
    )


class BulkReviewSerializer(RejectSerializer):
    action = serializers.ChoiceField(choices=["accept", "reject", "undo", "reopen"])
    annotations = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=BIG), min_length=1, max_length=10_000
    )
    expected_count = serializers.IntegerField(required=False, allow_null=True, min_value=0)
    to = serializers.ChoiceField(choices=[RETURN_TO_AUTHOR, RETURN_TO_ANYONE], default=RETURN_TO_AUTHOR)


class BulkRefusalSerializer(serializers.Serializer):
    annotation = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()


class BulkReportSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    action = serializers.CharField()
    processed_items = serializers.IntegerField()
    done = serializers.ListField(child=serializers.IntegerField())
    refused = BulkRefusalSerializer(many=True)


class CommentSerializer(HidesReviewers, serializers.ModelSerializer):
    annotation = serializers.IntegerField(
        source="annotation_id", required=False, allow_null=True, min_value=1, max_value=BIG
    )
    draft = serializers.IntegerField(
        source="draft_id", required=False, allow_null=True, min_value=1, max_value=BIG
    )

    class Meta:
        model = Comment
        fields = [
            "id",
            "text",
            "annotation",
            "draft",
            "task",
            "project",
            "is_resolved",
            "resolved_at",
            "created_at",
            "updated_at",
            "created_by",
            "region_ref",
            "classifications",
        ]
        read_only_fields = ["id", "task", "project", "resolved_at", "created_at", "updated_at", "created_by"]
        extra_kwargs = {"text": {"max_length": 10_000}}


class ExpandedCommentSerializer(CommentSerializer):
    created_by = CommentAuthorSerializer(read_only=True)
