"""Verdicts and comments on the wire."""

import json
from typing import Any

from rest_framework import serializers

from reviews.decisions.request import BULK_ACTIONS, RETURN_TO_ANYONE, RETURN_TO_AUTHOR
from reviews.models import Comment, Review
from tasks.choices import RejectAction
from tasks.known_names import KnownKeys
from tasks.pseudonyms import identities_in
from users.models import User
from users.sentences import sentence as _

from .annotations import ResultField, StrictJSONField
from .names import hide_names, name_people
from .users import CommentAuthorSerializer
from .values import Body, wire_time, wire_time_or_none

BIG = 2**62
MAX_SMALL_JSON = 10_000


class ReviewSerializer(serializers.ModelSerializer):
    """Label Studio's keys, and our own `state`, `verdict`, `reason`, `restores`, `unique_id`, `imported_by`
    and `supersedes`."""

    result = ResultField(read_only=True, allow_null=True)
    previous_annotation_history = serializers.IntegerField(source="seen_version_id", read_only=True)
    fixed_annotation_history = serializers.IntegerField(
        source="fixed_version_id", read_only=True, allow_null=True
    )
    last_annotation_history = serializers.IntegerField(source="seen_version_id", read_only=True)
    accepted = serializers.BooleanField(read_only=True)
    state = serializers.CharField(read_only=True)
    remove_from_queue = serializers.BooleanField(read_only=True, allow_null=True)
    restores = serializers.IntegerField(
        source="restores_id",
        read_only=True,
        allow_null=True,
        help_text="The review whose verdict this one brings back. Count that one, not this.",
    )
    hidden_names = ("created_by",)

    class Meta:
        model = Review
        fields = [
            "id",
            "annotation",
            "accepted",
            "verdict",
            "created_by",
            "imported_by",
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
            "restores",
            "unique_id",
        ]
        read_only_fields = fields

    def to_representation(self, review: Review) -> Body:
        request = self.context.get("request")
        return review_body(review) if request is None else review_for_reader(review, request.user)


class SignedReviewSerializer(ReviewSerializer):
    """The answer to a verdict."""

    notice = serializers.CharField(
        read_only=True, required=False, help_text="Where something else was done than what was asked."
    )

    class Meta(ReviewSerializer.Meta):
        fields = [*ReviewSerializer.Meta.fields, "notice"]
        read_only_fields = fields
        optional_keys = ("notice",)


class ChangedReviewSerializer(SignedReviewSerializer):
    supersedes = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The review that this one replaced."
    )

    class Meta(SignedReviewSerializer.Meta):
        fields = [*SignedReviewSerializer.Meta.fields, "supersedes"]
        read_only_fields = fields


def review_body(review: Review) -> Body:
    """The same for every reader."""
    reject_action = str(review.reject_action) if review.reject_action else None
    return {
        "id": review.pk,
        "annotation": review.annotation_id,
        "accepted": review.accepted,
        "verdict": str(review.verdict),
        "created_by": review.created_by_id,
        "imported_by": review.imported_by_id,
        "created_at": wire_time(review.created_at),
        "started_at": wire_time_or_none(review.started_at),
        "result": review.fixed_version.result if review.fixed_version else None,
        "reject_action": reject_action,
        "remove_from_queue": reject_action == RejectAction.REMOVE if reject_action else None,
        "reason": review.reason,
        "previous_annotation_history": review.seen_version_id,
        "fixed_annotation_history": review.fixed_version_id,
        "last_annotation_history": review.seen_version_id,
        "state": review.state,
        "restores": review.restores_id,
        "unique_id": str(review.unique_id),
    }


def review_for_reader(review: Review, reader: User) -> Body:
    return _for_reader(review_body(review), review, reader)


def _for_reader(body: Body, row: Review | Comment, reader: User) -> Body:
    identities = identities_in(row.project_id, reader)
    name_people(body, identities, ("created_by", "imported_by"))
    hide_names(body, row, reader, identities, ("created_by",))
    return body


class VerdictSerializer(KnownKeys, serializers.Serializer):
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
    """Label Studio's one endpoint for every verdict: what it does not know of a body, it ignores."""

    refuses_unknown_keys = False
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


class ReopenSerializer(KnownKeys, serializers.Serializer):
    to = serializers.ChoiceField(choices=[RETURN_TO_AUTHOR, RETURN_TO_ANYONE], default=RETURN_TO_AUTHOR)
    comment = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=10_000)
    last_annotation_history = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=BIG
    )


class DryRunSerializer(KnownKeys, serializers.Serializer):
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would happen.")


class BulkReviewSerializer(DryRunSerializer, RejectSerializer):
    action = serializers.ChoiceField(choices=BULK_ACTIONS)
    annotations = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=BIG), min_length=1, max_length=10_000
    )
    expected_count = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, help_text="400 if you see another number of them."
    )
    include_decided = serializers.BooleanField(
        default=False, help_text="Also where a verdict of somebody else stands."
    )
    to = serializers.ChoiceField(choices=[RETURN_TO_AUTHOR, RETURN_TO_ANYONE], default=RETURN_TO_AUTHOR)


class BulkRefusalSerializer(serializers.Serializer):
    annotation = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()


class BulkJobSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    url = serializers.CharField()


def _ids(help_text: str) -> serializers.ListField:
    return serializers.ListField(child=serializers.IntegerField(), allow_null=True, help_text=help_text)


class BulkReportSerializer(serializers.Serializer):
    """Where `job` is set, the counts and lists are null, and the job's report has them."""

    id = serializers.IntegerField(allow_null=True, help_text="Of the bulk action; null if nothing changed.")
    action = serializers.CharField()
    dry_run = serializers.BooleanField()
    detail = serializers.CharField(help_text="The counts as a sentence.")
    processed_items = serializers.IntegerField(allow_null=True)
    done = _ids("Annotations.")
    refused = BulkRefusalSerializer(many=True, allow_null=True)
    reasons = serializers.DictField(
        child=serializers.IntegerField(), allow_null=True, help_text="The codes of `refused`, counted."
    )
    not_found = _ids("Ids that you do not see, or that do not exist.")
    replaced = _ids("Of `done`: somebody else's verdict stood on these.")
    restored = _ids("Of an undo: the verdict of before stands again on these.")
    not_restored = BulkRefusalSerializer(
        many=True,
        allow_null=True,
        help_text="Of an undo: undone, but the verdict of before cannot come back.",
    )
    job = BulkJobSerializer(allow_null=True)


class SmallJSONField(StrictJSONField):
    """What a client keeps beside a text. It is sent back with every list, so it is small."""

    default_error_messages = {"too_large": _("At most {most} characters of JSON.")}

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if len(json.dumps(value)) > MAX_SMALL_JSON:
            self.fail("too_large", most=MAX_SMALL_JSON)
        return value


class CommentSerializer(serializers.ModelSerializer):
    region_ref = SmallJSONField(required=False, allow_null=True)
    classifications = SmallJSONField(required=False, allow_null=True)
    annotation = serializers.IntegerField(
        source="annotation_id", required=False, allow_null=True, min_value=1, max_value=BIG
    )
    draft = serializers.IntegerField(
        source="draft_id", required=False, allow_null=True, min_value=1, max_value=BIG
    )

    hidden_names = ("created_by",)

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

    def to_representation(self, comment: Comment) -> Body:
        return comment_for_reader(comment, self.context["request"].user)


class NewCommentSerializer(CommentSerializer):
    unique_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Yours: sent twice, it creates one comment."
    )

    class Meta(CommentSerializer.Meta):
        fields = [*CommentSerializer.Meta.fields, "unique_id"]


class ExpandedCommentSerializer(CommentSerializer):
    created_by = CommentAuthorSerializer(read_only=True)

    def to_representation(self, comment: Comment) -> Body:
        body = comment_body(comment) | {"created_by": CommentAuthorSerializer(comment.created_by).data}
        return _for_reader(body, comment, self.context["request"].user)


def comment_for_reader(comment: Comment, reader: User) -> Body:
    return _for_reader(comment_body(comment), comment, reader)


def comment_body(comment: Comment) -> Body:
    return {
        "id": comment.pk,
        "text": comment.text,
        "annotation": comment.annotation_id,
        "draft": comment.draft_id,
        "task": comment.task_id,
        "project": comment.project_id,
        "is_resolved": comment.is_resolved,
        "resolved_at": wire_time_or_none(comment.resolved_at),
        "created_at": wire_time(comment.created_at),
        "updated_at": wire_time(comment.updated_at),
        "created_by": comment.created_by_id,
        "region_ref": comment.region_ref,
        "classifications": comment.classifications,
    }
