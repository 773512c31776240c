"""The response of accept, reject and fix-and-accept: the annotation, the review, and the task's counters."""

from rest_framework import serializers

from reviews.decisions.request import Decision
from tasks.pseudonyms import identities_in
from users.models import User

from .annotations import AnnotationSerializer, annotation_for_reader
from .reviews import ReviewSerializer, review_for_reader
from .values import Body


class DeciderSerializer(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    email = serializers.EmailField(read_only=True)


class DecidedTaskSerializer(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    reviewed = serializers.BooleanField(read_only=True)
    reviews_accepted = serializers.IntegerField(read_only=True)
    reviews_rejected = serializers.IntegerField(read_only=True)


class DecidedSerializer(AnnotationSerializer):
    """`notice` is there when the outcome is not what the project's default would have made it."""

    last_created_by = DeciderSerializer(read_only=True, allow_null=True)
    review = ReviewSerializer(read_only=True)
    # An id elsewhere.
    task = DecidedTaskSerializer(read_only=True)
    notice = serializers.CharField(read_only=True, required=False)

    class Meta(AnnotationSerializer.Meta):
        fields = [*AnnotationSerializer.Meta.fields, "review", "notice"]
        read_only_fields = fields
        optional_keys = ("notice",)


def decision_body(decision: Decision, reader: User) -> Body:
    annotation, task, decider = decision.annotation, decision.task, decision.annotation.last_created_by
    body = annotation_for_reader(annotation, reader)
    # Null for a reader who may not know them, as may be the case when an earlier answer is repeated.
    if decider is not None and body["last_created_by"] is not None:
        shown = identities_in(annotation.project_id, reader).mask_user(decider)
        body["last_created_by"] = {"id": shown.pk, "email": shown.email}
    body["review"] = review_for_reader(decision.review, reader)
    body["task"] = {
        "id": task.pk,
        "reviewed": task.reviewed,
        "reviews_accepted": task.reviews_accepted,
        "reviews_rejected": task.reviews_rejected,
    }
    return body | ({"notice": decision.notice} if decision.notice else {})
