"""Annotations on the wire: Label Studio's keys, and ours beside them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviews import workflow
from reviews.imported import importer_of_row
from tasks import reading
from tasks.models import Annotation, Draft, History, Prediction
from tasks.pseudonyms import identities_in
from tasks.result_problems import some_problems
from tasks.results import finite_or_none, malformed_part, regions_of
from tasks.strict_json import parse_json
from users.models import User
from users.sentences import sentence as _

from .names import hide_names, name_people
from .values import Body, time_ago, wire_time, wire_time_or_none


class StrictJSONField(serializers.JSONField):
    """JSON that is text within a form is read as strictly as a JSON body is."""

    def to_internal_value(self, data: Any) -> Any:
        if getattr(data, "is_json_string", False):
            return parse_json(data.encode())
        return super().to_internal_value(data)


class FiniteFloatField(serializers.FloatField):
    """Read as in files. Not NaN, which is no JSON and passes every comparison with limits; nor infinity."""

    default_error_messages = {"not_finite": _("Must be a finite number.")}

    def to_internal_value(self, data: Any) -> float:
        try:
            return reading.number(data)
        except reading.Unreadable:
            self.fail("not_finite")


class TimeField(serializers.DateTimeField):
    """Read as in files: ISO 8601, or seconds since 1970."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return reading.moment(data)
        except reading.Unreadable:
            return super().to_internal_value(data)


class UniqueIdField(serializers.UUIDField):
    """Read as in files: another text becomes the UUID that it always becomes."""

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return reading.unique_id(data)
        except reading.Unreadable:
            self.fail("invalid", value=data)


class RegionSerializer(serializers.Serializer):
    """What is the same in regions of every tag, for OpenAPI. All other keys are kept as they come."""

    id = serializers.CharField(required=False, help_text="Parts of one region share it; a relation has none.")
    type = serializers.CharField(required=False, help_text='As "rectanglelabels" or "relation".')
    from_name = serializers.CharField(required=False, help_text="The control.")
    to_name = serializers.CharField(required=False, help_text="The object that is labelled.")
    value = serializers.DictField(required=False)

    class Meta:
        other_keys = True


@extend_schema_field(RegionSerializer(many=True))
class ResultField(StrictJSONField):
    """A list of regions, of which every reader can rely on what tasks.results promises."""

    default_error_messages = {"malformed": "result{path}: {problem}."}

    def to_internal_value(self, data: Any) -> list[dict]:
        value = super().to_internal_value(data)
        if found := malformed_part(value):
            path, problem = found
            self.fail("malformed", path=path[:200], problem=problem)
        return value


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(StrictJSONField):
    """A JSON object; in a form body, as text."""

    default_error_messages = {"not_an_object": _("Expected an object, that is names with values.")}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            self.fail("not_an_object")
        return value


# --- annotations ------------------------------------------------------------------------------------
# The serializers of what is read declare a body for OpenAPI; a plain function builds it.


class AnnotationBodySerializer(serializers.ModelSerializer):
    """What is the same for every reader: payloads and exports are made of this."""

    result = ResultField(read_only=True)
    created_username = serializers.CharField(read_only=True)
    created_ago = serializers.CharField(read_only=True)
    import_id = serializers.IntegerField(source="imported_by_id", read_only=True, allow_null=True)
    imported_by = serializers.IntegerField(
        source="importer_id", read_only=True, allow_null=True, help_text="Who imported it from a file."
    )
    last_annotation_history = serializers.IntegerField(source="last_row_to_see", read_only=True)
    result_count = serializers.IntegerField(read_only=True)
    result_problems = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="What of the result the label configuration does not know.",
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
            "imported_by",
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

    def to_representation(self, annotation: Annotation) -> Body:
        return annotation_body(annotation)


class AnnotationSerializer(AnnotationBodySerializer):
    """The same with what *this* reader may do to it."""

    can_be_reviewed = serializers.BooleanField(read_only=True)
    allowed_actions = serializers.ListField(child=serializers.CharField(), read_only=True)
    refusals = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField()), read_only=True
    )
    config_outdated = serializers.BooleanField(
        read_only=True, help_text="Made under an earlier label configuration."
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

    def to_representation(self, annotation: Annotation) -> Body:
        return annotation_for_reader(annotation, self.context["request"].user)


class ChangedAnnotationSerializer(AnnotationSerializer):
    """The answer to a change."""

    notice = serializers.CharField(
        read_only=True, required=False, help_text="Only if returned work was sent without a change."
    )

    class Meta(AnnotationSerializer.Meta):
        fields = [*AnnotationSerializer.Meta.fields, "notice"]
        read_only_fields = fields
        optional_keys = ("notice",)


def annotation_body(annotation: Annotation) -> Body:
    """Built once for each state of the annotation and shared by response and events: copy it first."""
    state = (
        annotation.annotation_seq,
        annotation.updated_at,
        annotation.returned_at,
        annotation.contested_at,
    )
    if annotation.__dict__.get("_body_of") != state:
        annotation._body = _annotation_body(annotation)  # type: ignore[attr-defined]
        annotation._body_of = state  # type: ignore[attr-defined]
    return annotation._body  # type: ignore[attr-defined]


def _annotation_body(annotation: Annotation) -> Body:
    return {
        "id": annotation.pk,
        "result": annotation.result,
        "created_username": _signature(annotation.completed_by),
        "created_ago": time_ago(annotation.created_at),
        "completed_by": annotation.completed_by_id,
        "was_cancelled": annotation.was_cancelled,
        "ground_truth": annotation.ground_truth,
        "created_at": wire_time(annotation.created_at),
        "updated_at": wire_time(annotation.updated_at),
        "draft_created_at": wire_time_or_none(annotation.draft_created_at),
        "lead_time": finite_or_none(annotation.lead_time),
        "import_id": annotation.imported_by_id,
        "imported_by": annotation.importer_id,
        "last_action": str(annotation.last_action),
        "bulk_created": annotation.bulk_created,
        "task": annotation.task_id,
        "project": annotation.project_id,
        "updated_by": annotation.updated_by_id,
        "parent_prediction": annotation.parent_prediction_id,
        "parent_annotation": annotation.parent_annotation_id,
        "last_created_by": annotation.last_created_by_id,
        "result_count": len(regions_of(annotation.result)),
        "result_problems": some_problems(annotation.result, annotation.project.label_config),
        "unique_id": str(annotation.unique_id),
        "version": annotation.version,
        "annotation_seq": annotation.annotation_seq,
        "last_annotation_history": annotation.last_row_to_see,
        "is_draft": annotation.is_draft,
        "returned_at": wire_time_or_none(annotation.returned_at),
        "rounds": annotation.rounds,
        "contested_at": wire_time_or_none(annotation.contested_at),
    }


def annotation_for_reader(annotation: Annotation, reader: User) -> Body:
    """The GET body: people as `reader` knows them, and what they may do."""
    identities = identities_in(annotation.project_id, reader)
    body = annotation_body(annotation) | {
        "config_outdated": _is_config_outdated(annotation),
        **_rights(annotation, reader),
    }
    if identities.mask_people:
        body["created_username"] = _signature(identities.mask_user(annotation.completed_by))
    name_people(body, identities, ("completed_by", "imported_by", *ACTORS))
    hide_names(body, annotation, reader, identities, ACTORS)
    return body


ACTORS = ("last_created_by", "updated_by")


def _is_config_outdated(annotation: Annotation) -> bool:
    if "config_outdated" in annotation.__dict__:
        return bool(annotation.config_outdated)
    return Annotation.objects.config_outdated().filter(pk=annotation.pk).exists()


def _rights(annotation: Annotation, reader: User) -> Body:
    closed = workflow.refusals(annotation, reader)
    return {
        "can_be_reviewed": "accept" not in closed,
        "allowed_actions": [action for action in workflow.BUTTONS if action not in closed],
        "refusals": {action: {"code": why.code, "detail": why.detail} for action, why in closed.items()},
    }


def _signature(author: User) -> str:
    """Who did it, as Label Studio writes it."""
    return f"{author.get_full_name()} {author.email}, {author.pk}"


# --- what is sent -----------------------------------------------------------------------------------


class WorkSerializer(serializers.Serializer):
    """What an annotator sends. Review state sent along is ignored, as unknown keys are."""

    result = ResultField(required=False)
    was_cancelled = serializers.BooleanField(required=False)
    ground_truth = serializers.BooleanField(required=False)
    lead_time = FiniteFloatField(required=False, allow_null=True, min_value=0, max_value=1e9)
    started_at = TimeField(required=False, allow_null=True)
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
    unique_id = UniqueIdField(required=False, allow_null=True)


# --- drafts, predictions, history -------------------------------------------------------------------


class DraftSerializer(serializers.ModelSerializer):
    user = serializers.CharField(read_only=True, help_text="The author's e-mail, as in Label Studio.")
    result = ResultField(required=False)
    created_username = serializers.CharField(read_only=True)
    created_ago = serializers.CharField(read_only=True)
    result_problems = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="What of the result the label configuration does not know.",
    )

    lead_time = FiniteFloatField(required=False, allow_null=True, min_value=0, max_value=1e9)

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
        read_only_fields = ["task", "annotation", "created_at", "updated_at"]

    def to_representation(self, draft: Draft) -> Body:
        return draft_for_reader(draft, self.context["request"].user)


def draft_for_reader(draft: Draft, reader: User) -> Body:
    """For whoever turned somebody's annotation into a draft, too."""
    author = identities_in(draft.task.project_id, reader).mask_user(draft.user)
    return draft_body(draft) | {"user": author.email, "created_username": _signature(author)}


def draft_body(draft: Draft) -> Body:
    return {
        "id": draft.pk,
        "user": draft.user.email,
        "created_username": _signature(draft.user),
        "created_ago": time_ago(draft.created_at),
        "result": draft.result,
        "result_problems": some_problems(draft.result, draft.task.project.label_config),
        "lead_time": finite_or_none(draft.lead_time),
        "was_postponed": draft.was_postponed,
        "created_at": wire_time(draft.created_at),
        "updated_at": wire_time(draft.updated_at),
        "task": draft.task_id,
        "annotation": draft.annotation_id,
    }


class PredictionSerializer(serializers.ModelSerializer):
    result = ResultField()
    score = FiniteFloatField(required=False, allow_null=True)
    created_ago = serializers.CharField(read_only=True)

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

    def to_representation(self, prediction: Prediction) -> Body:
        return prediction_body(prediction)


def prediction_body(prediction: Prediction) -> Body:
    return {
        "id": prediction.pk,
        "task": prediction.task_id,
        "project": prediction.project_id,
        "result": prediction.result,
        "score": finite_or_none(prediction.score),
        "model_version": prediction.model_version,
        "created_ago": time_ago(prediction.created_at),
        "created_at": wire_time(prediction.created_at),
        "updated_at": wire_time(prediction.updated_at),
    }


class HistorySerializer(serializers.ModelSerializer):
    """One row of what happened, with the result it happened on."""

    task_id = serializers.IntegerField(source="annotation.task_id", read_only=True)
    project_id = serializers.IntegerField(source="annotation.project_id", read_only=True)
    result = ResultField(read_only=True)
    version = serializers.IntegerField(source="number", read_only=True, allow_null=True)
    imported_by = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Who imported it. `created_by` is whom the file names."
    )
    restores = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="For a verdict that came back: the review that was restored.",
    )
    hidden_names = ("created_by",)

    class Meta:
        model = History
        fields = [
            "id",
            "action",
            "annotation_id",
            "task_id",
            "project_id",
            "created_by",
            "imported_by",
            "created_at",
            "started_at",
            "lead_time",
            "result",
            "comment",
            "comment_id",
            "review_id",
            "restores",
            "draft_id",
            "version",
            "version_id",
            "label_config",
            "was_cancelled",
            "annotation_seq",
        ]
        read_only_fields = fields

    def to_representation(self, row: History) -> Body:
        return history_for_reader(row, self.context["request"].user)


def history_rows(rows: QuerySet[History]) -> QuerySet[History]:
    """With what the body of a row needs beside its annotation."""
    return rows.select_related("version").annotate(imported_by=importer_of_row())


def history_for_reader(row: History, reader: User) -> Body:
    """`row` is from `history_rows`."""
    body = {
        "id": row.pk,
        "action": str(row.action),
        "annotation_id": row.annotation_id,
        "task_id": row.annotation.task_id,
        "project_id": row.annotation.project_id,
        "created_by": row.created_by_id,
        "imported_by": row.imported_by,  # type: ignore[attr-defined]
        "created_at": wire_time(row.created_at),
        "started_at": wire_time_or_none(row.started_at),
        "lead_time": finite_or_none(row.lead_time),
        "result": row.version.result if row.result is None and row.version else row.result,
        "comment": row.comment,
        "comment_id": row.comment_id,
        "review_id": row.review_id,
        "restores": (row.details or {}).get("restores"),
        "draft_id": row.draft_id,
        "version": row.number,
        "version_id": row.version_id,
        "label_config": row.label_config_id,
        "was_cancelled": row.was_cancelled,
        "annotation_seq": row.annotation_seq,
    }
    identities = identities_in(row.annotation.project_id, reader)
    name_people(body, identities, ("created_by", "imported_by"))
    hide_names(body, row, reader, identities, ("created_by",))
    return body
