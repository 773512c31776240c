"""The review queue on the wire: an item with all that a decision on it needs, and who has what."""

from typing import Any

from rest_framework import serializers

from reviews.models import Queue

from .annotations import AnnotationSerializer, HistorySerializer, PredictionSerializer
from .corrections import OperationSerializer
from .reviews import CommentSerializer
from .tasks import TaskSerializer
from .uploads import LinkSerializer
from .values import Body, wire_time

KINDS = ["review", "label"]


class AskSerializer(serializers.Serializer):
    """What of the queue is wanted."""

    queue = serializers.ChoiceField(
        choices=Queue.choices, required=False, help_text="Else disputes, then what waits for review."
    )
    task = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**62,
        help_text="An annotation of this task; without a lease if it is decided.",
    )
    aside = serializers.RegexField(
        r"^\d{1,18}(,\d{1,18}){0,99}$",
        required=False,
        help_text="Not these annotations: up to 100 ids, comma-separated.",
    )


class LeaseSerializer(serializers.Serializer):
    id = serializers.UUIDField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)


def lease_body(lease: Any) -> Body | None:
    """`lease`: anything with `id` and `expires_at`, or None."""
    return {"id": str(lease.id), "expires_at": wire_time(lease.expires_at)} if lease else None


class ReturnedSerializer(serializers.Serializer):
    """Why somebody's work came back to them. `review` is null where it was reopened without a verdict."""

    review = serializers.IntegerField(allow_null=True)
    comment = serializers.CharField()
    reason = serializers.CharField(help_text="Code of the reject reason, or empty.")
    reject_action = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField()
    rounds = serializers.IntegerField(help_text="How often rejects have sent it back.")
    changes = OperationSerializer(many=True, help_text="What others made of your last version.")


class QueueItemSerializer(serializers.Serializer):
    """`reason`: why there is no annotation, or why it comes without a lease. `detail`: the same in words."""

    annotation = AnnotationSerializer(allow_null=True)
    task = TaskSerializer(required=False)
    predictions = PredictionSerializer(many=True, required=False, help_text="The newest 100.")
    comments = CommentSerializer(many=True, required=False, help_text="The newest 100, oldest first.")
    history = HistorySerializer(many=True, required=False, help_text="The newest 100, newest first.")
    changes = OperationSerializer(many=True, required=False, help_text="Since it was last judged.")
    lease = LeaseSerializer(required=False, allow_null=True)
    queue = serializers.ChoiceField(choices=Queue.choices, required=False, allow_null=True)
    allowed_actions = serializers.ListField(child=serializers.CharField(), required=False)
    media = LinkSerializer(
        many=True, required=False, help_text="The uploaded files of the task's data, as links that open."
    )
    remaining = serializers.IntegerField(help_text="What you could still get, this one included.")
    remaining_is_estimate = serializers.BooleanField(
        required=False, help_text="Present and true: at least so many."
    )
    reason = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)


class HeldSerializer(serializers.Serializer):
    """One item in somebody's hands: an annotation to review, or a task to label."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    user = serializers.IntegerField()
    task = serializers.IntegerField()
    annotation = serializers.IntegerField(allow_null=True)
    since = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
