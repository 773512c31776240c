"""What lists say of an annotation beside its body: the verdict that stands on it, and the newest comment."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max
from rest_framework import serializers

from reviews.models import VERDICT_CHOICES, Comment, Review
from reviews.opened import note_opened
from tasks.choices import RejectAction
from tasks.models import Annotation
from tasks.pseudonyms import identities_in
from users.models import User

from .annotations import AnnotationSerializer, annotation_for_reader
from .names import hide_names, name_people
from .values import Body, wire_time


class StandingReviewSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    annotation = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=VERDICT_CHOICES)
    created_by = serializers.IntegerField(allow_null=True, help_text="Null where you may not know.")
    created_at = serializers.DateTimeField()
    reject_action = serializers.ChoiceField(choices=RejectAction.choices, allow_null=True)
    reason = serializers.CharField()
    comment = serializers.CharField()


class NewestCommentSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    annotation = serializers.IntegerField()
    text = serializers.CharField()
    is_resolved = serializers.BooleanField()
    created_by = serializers.IntegerField(allow_null=True, help_text="Null where you may not know.")
    created_at = serializers.DateTimeField()


class ListedAnnotationSerializer(AnnotationSerializer):
    standing_review = StandingReviewSerializer(read_only=True, allow_null=True)
    newest_comment = NewestCommentSerializer(read_only=True, allow_null=True)

    class Meta(AnnotationSerializer.Meta):
        fields = [*AnnotationSerializer.Meta.fields, "standing_review", "newest_comment"]
        read_only_fields = fields

    def to_representation(self, annotation: Annotation) -> Body:
        return annotations_for_reader([annotation], self.context["request"].user)[0]


@dataclass
class Notes:
    """By annotation id."""

    reviews: dict[int, Review] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)


def notes_on(annotations: Sequence[Annotation]) -> Notes:
    """Of annotations that the reader sees, with their projects: two statements, however many."""
    return Notes(_standing_reviews(annotations), _newest_comments(annotations))


def annotations_for_reader(annotations: Sequence[Annotation], reader: User) -> list[Body]:
    note_opened(annotations, reader)
    notes = notes_on(annotations)
    return [listed_annotation(annotation, notes, reader) for annotation in annotations]


def listed_annotation(annotation: Annotation, notes: Notes, reader: User) -> Body:
    return annotation_for_reader(annotation, reader) | {
        "standing_review": standing_review_body(notes.reviews.get(annotation.pk), reader),
        "newest_comment": newest_comment_body([annotation.pk], notes, reader),
    }


def standing_review_body(review: Review | None, reader: User) -> Body | None:
    if review is None:
        return None
    body = {
        "id": review.pk,
        "annotation": review.annotation_id,
        "verdict": str(review.verdict),
        "created_by": review.created_by_id,
        "created_at": wire_time(review.created_at),
        "reject_action": str(review.reject_action) if review.reject_action else None,
        "reason": review.reason,
        "comment": review.comment,
    }
    return _for_reader(body, review, reader)


def newest_comment_body(annotations: Collection[int], notes: Notes, reader: User) -> Body | None:
    found = [notes.comments[pk] for pk in annotations if pk in notes.comments]
    if not found:
        return None
    comment = max(found, key=lambda one: one.pk)
    body = {
        "id": comment.pk,
        "annotation": comment.annotation_id,
        "text": comment.text,
        "is_resolved": comment.is_resolved,
        "created_by": comment.created_by_id,
        "created_at": wire_time(comment.created_at),
    }
    return _for_reader(body, comment, reader)


def _for_reader(body: Body, row: Any, reader: User) -> Body:
    identities = identities_in(row.project_id, reader)
    name_people(body, identities, ("created_by",))
    hide_names(body, row, reader, identities, ("created_by",))
    return body


def _standing_reviews(annotations: Sequence[Annotation]) -> dict[int, Review]:
    standing = {one.standing_review_id: one for one in annotations if one.standing_review_id}
    if not standing:
        return {}
    return {
        review.annotation_id: _on(review, standing[review.pk])
        for review in Review.objects.filter(pk__in=standing)
    }


def _newest_comments(annotations: Sequence[Annotation]) -> dict[int, Comment]:
    by_id = {annotation.pk: annotation for annotation in annotations}
    if not by_id:
        return {}
    present = Comment.objects.present().filter(annotation__in=by_id).order_by()
    newest = present.values("annotation").annotate(newest=Max("pk")).values("newest")
    return {
        comment.annotation_id: _on(comment, by_id[comment.annotation_id])
        for comment in Comment.objects.filter(pk__in=newest)
        if comment.annotation_id is not None
    }


def _on(row: Any, annotation: Annotation) -> Any:
    """With what tells who may know its author, instead of a query for each."""
    row.annotation, row.project = annotation, annotation.project
    return row
