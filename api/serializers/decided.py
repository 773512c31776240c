"""What the brief's three URLs answer: the annotation, who decided, the review, and what it did to the task."""

from typing import Any

from rest_framework import serializers

from reviews.decisions.request import Decision

from .annotations import AnnotationSerializer
from .reviews import ReviewSerializer


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

    last_created_by = DeciderSerializer(read_only=True)
    review = ReviewSerializer(read_only=True)
    # An id elsewhere; here the brief's object takes the key.
    task = DecidedTaskSerializer(read_only=True)

    class Meta(AnnotationSerializer.Meta):
        fields = [*AnnotationSerializer.Meta.fields, "review"]
        read_only_fields = fields

    def to_representation(self, decision: Decision) -> dict[str, Any]:
        annotation = decision.annotation
        annotation.review = decision.review  # type: ignore[attr-defined]
        body = super().to_representation(annotation)
        return body | ({"notice": decision.notice} if decision.notice else {})
