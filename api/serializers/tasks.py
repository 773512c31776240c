"""Tasks on the wire."""

from typing import Any

from rest_framework import serializers

from reviews.disputes import is_hidden_from
from reviews.identities import names_hidden
from tasks.choices import ActionType
from tasks.models import Annotation, Task
from tasks.pseudonyms import Identities
from tasks.roles import may

from .annotations import AnnotationSerializer, DraftSerializer, PredictionSerializer, StrictJSONField
from .names import NamesPeople
from .users import ExpandedPersonSerializer

# What an annotator does not see of a task (contract §4): of the review columns they see `reviews_rejected` only.
REVIEWERS_ONLY = (
    "reviewed",
    "reviewed_at",
    "reviews_accepted",
    "reviewers",
    "reviewers_count",
    "annotators",
    "annotators_count",
    "comment_count",
    "unresolved_comment_count",
    "last_comment_updated_at",
    "comment_authors",
    "final_annotation",
    "final_state",
)
REVIEW_WORDS = {
    ActionType.ACCEPTED: "accepted",
    ActionType.REJECTED: "rejected",
    ActionType.FIXED_AND_ACCEPTED: "fixed",
}


class TaskBodySerializer(serializers.ModelSerializer):
    """A task and its counters."""

    is_labeled = serializers.BooleanField(read_only=True)
    file_upload = serializers.SerializerMethodField()
    storage_filename = serializers.SerializerMethodField()
    comment_authors = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = [
            "id",
            "inner_id",
            "data",
            "meta",
            "project",
            "overlap",
            "allow_skip",
            "created_at",
            "updated_at",
            "updated_by",
            "completed_at",
            "is_labeled",
            "total_annotations",
            "cancelled_annotations",
            "total_predictions",
            "reviewed",
            "reviewed_at",
            "reviews_accepted",
            "reviews_rejected",
            "comment_count",
            "unresolved_comment_count",
            "last_comment_updated_at",
            "final_annotation",
            "final_state",
            "comment_authors",
            "unique_id",
            "external_id",
            "closed_at",
            "closed_because",
            "file_upload",
            "storage_filename",
        ]
        read_only_fields = [
            name for name in fields if name not in ("data", "meta", "overlap", "allow_skip", "external_id")
        ]

    def get_file_upload(self, task: Task) -> int | None:
        return task.file_upload_id

    def get_storage_filename(self, task: Task) -> str | None:
        return None

    def get_comment_authors(self, task: Task) -> list[int]:
        return []


class TaskSerializer(NamesPeople, TaskBodySerializer):
    """A task with who worked on it. Wants `annotations` (visible ones), `reviewed_by` and `comments` prefetched."""

    people = ()
    updated_by = serializers.SerializerMethodField()
    annotators = serializers.SerializerMethodField()
    annotators_count = serializers.SerializerMethodField()
    reviewers = serializers.SerializerMethodField()
    reviewers_count = serializers.SerializerMethodField()

    class Meta(TaskBodySerializer.Meta):
        fields = [
            *TaskBodySerializer.Meta.fields,
            "annotators",
            "annotators_count",
            "reviewers",
            "reviewers_count",
        ]

    def get_comment_authors(self, task: Task) -> list[int]:
        identities = self.identities(task)
        return sorted({identities.mask_id(comment.created_by_id) for comment in task.comments.all()})

    def get_updated_by(self, task: Task) -> list[dict[str, int]]:
        """A list of one, as the data manager and the SDK read it."""
        return [{"user_id": self.identities(task).mask_id(task.updated_by_id)}] if task.updated_by_id else []

    def get_annotators(self, task: Task) -> list[dict[str, Any]]:
        identities = self.identities(task)
        return [self._annotator(annotation, identities) for annotation in task.annotations.all()]

    def _annotator(self, annotation: Annotation, identities: Identities) -> dict[str, Any]:
        word, author = (
            REVIEW_WORDS.get(ActionType(annotation.last_action)),
            identities.mask_id(annotation.completed_by_id),
        )
        return {"user_id": author, "annotated": True, "reviewed": word is not None, "review": word}

    def get_annotators_count(self, task: Task) -> int:
        return len({annotation.completed_by_id for annotation in task.annotations.all()})

    def get_reviewers(self, task: Task) -> list[dict[str, Any]]:
        identities = self.identities(task)
        assigned = {identities.mask_id(a.user_id) for a in task.assignments.all() if a.type == "RE"}
        reviewed = {identities.mask_id(row.user_id) for row in task.reviewed_by.all()}
        return [
            {"user_id": user, "annotated": False, "reviewed": user in reviewed, "review": None}
            for user in sorted(assigned | reviewed)
        ]

    def get_reviewers_count(self, task: Task) -> int:
        return len(self.get_reviewers(task))

    def to_representation(self, task: Task) -> dict[str, Any]:
        body, user = super().to_representation(task), self.context["request"].user
        if names_hidden(user, task.project) or self._hides_who_rejected(task):
            body["updated_by"] = body["updated_by"] if task.updated_by_id == user.pk else []
            body["comment_authors"] = [author for author in body["comment_authors"] if author == user.pk]
        if not may(user, "view_all_annotations", task.project_id):
            for name in REVIEWERS_ONLY:
                body.pop(name, None)
        return body

    def _hides_who_rejected(self, task: Task) -> bool:
        """A rejection of work on this task is contested, and this reader may be the one who decides."""
        user = self.context["request"].user
        return any(is_hidden_from(user, annotation) for annotation in task.annotations.all())


class ExpandedAnnotationSerializer(AnnotationSerializer):
    completed_by = ExpandedPersonSerializer(read_only=True)


class FullTaskSerializer(TaskSerializer):
    """`fields=all`: with annotations, predictions and the reader's own drafts."""

    annotations = AnnotationSerializer(many=True, read_only=True)
    predictions = PredictionSerializer(many=True, read_only=True)
    drafts = DraftSerializer(many=True, read_only=True)

    class Meta(TaskSerializer.Meta):
        fields = [*TaskSerializer.Meta.fields, "annotations", "predictions", "drafts"]


class ObjectField(StrictJSONField):
    """A JSON object; in a form body, as text."""

    default_error_messages = {"not_an_object": "Expected an object, that is names with values."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            self.fail("not_an_object")
        return value


class NewTaskSerializer(serializers.ModelSerializer):
    project = serializers.IntegerField(min_value=1, max_value=2**62)
    data = ObjectField()

    class Meta:
        model = Task
        fields = ["project", "data", "meta", "external_id", "allow_skip"]


class NewTaskOfProjectSerializer(NewTaskSerializer):
    """The same, under the project's own address."""

    project = None

    class Meta(NewTaskSerializer.Meta):
        fields = [name for name in NewTaskSerializer.Meta.fields if name != "project"]


class TaskChangeSerializer(serializers.ModelSerializer):
    data = ObjectField(required=False)

    class Meta:
        model = Task
        fields = ["data", "meta", "external_id", "allow_skip", "overlap"]
        extra_kwargs = {"overlap": {"min_value": 1, "max_value": 1000}}
