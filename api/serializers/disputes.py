"""Disputes: contested rejections."""

from typing import Any

from rest_framework import serializers

from reviews.disputes import is_hidden_from
from reviews.identities import names_hidden
from reviews.models import Dispute
from tasks.known_names import KnownKeys

from .names import NamesPeople


class ContestSerializer(KnownKeys, serializers.Serializer):
    """`reason` is required."""

    reason = serializers.CharField(max_length=10_000)
    last_annotation_history = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=2**62
    )


class DisputeSerializer(NamesPeople, serializers.ModelSerializer):
    """`rejected_by` is null for readers who may not know.

    Reviewers may not while the dispute is open, annotators where the project hides its reviewers' names.
    """

    people = ("contested_by", "rejected_by", "decided_by")
    task = serializers.IntegerField(source="annotation.task_id", read_only=True)
    reason = serializers.CharField(read_only=True)
    reject_reason = serializers.CharField(source="review.reason", read_only=True)
    reject_action = serializers.CharField(source="review.reject_action", read_only=True)
    comment = serializers.CharField(
        source="review.comment", read_only=True, help_text="The comment of the rejection."
    )
    rejected_by = serializers.IntegerField(source="review.created_by_id", read_only=True, allow_null=True)
    rejected_at = serializers.DateTimeField(source="review.created_at", read_only=True)

    class Meta:
        model = Dispute
        fields = [
            "id",
            "project",
            "task",
            "annotation",
            "review",
            "contested_by",
            "contested_at",
            "reason",
            "rejected_by",
            "rejected_at",
            "reject_action",
            "reject_reason",
            "comment",
            "outcome",
            "decided_by",
            "decided_at",
            "deciding_review",
        ]
        read_only_fields = fields

    def to_representation(self, dispute: Dispute) -> dict[str, Any]:
        body, user = super().to_representation(dispute), self.context["request"].user
        if dispute.review.created_by_id != user.pk and self._is_hidden(dispute, user):
            body["rejected_by"] = None
        if dispute.decided_by_id != user.pk and names_hidden(user, dispute.project):
            body["decided_by"] = None
        return body

    def _is_hidden(self, dispute: Dispute, user: Any) -> bool:
        dispute.annotation.project = dispute.project
        still_open = dispute.outcome is None and is_hidden_from(user, dispute.annotation)
        return still_open or names_hidden(user, dispute.project)


class RecordSerializer(serializers.Serializer):
    """Outcomes of the rejections somebody contested, and (`verdicts_`) of theirs that others contested."""

    user = serializers.IntegerField()
    contested = serializers.IntegerField()
    open = serializers.IntegerField()
    upheld = serializers.IntegerField()
    overturned = serializers.IntegerField()
    withdrawn = serializers.IntegerField()
    verdicts_open = serializers.IntegerField()
    verdicts_upheld = serializers.IntegerField()
    verdicts_overturned = serializers.IntegerField()
    verdicts_withdrawn = serializers.IntegerField()
