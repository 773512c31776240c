"""Tasks on the wire."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers

from reviews.disputes import is_hidden_from
from reviews.task_table.columns import is_hidden_from_annotators
from tasks.choices import ActionType, AssignmentType
from tasks.models import Annotation, Task
from tasks.own_work import own_values
from tasks.pseudonyms import Identities, identities_in
from tasks.roles import may
from users.models import User

from .annotations import (
    DraftSerializer,
    ObjectField,
    PredictionSerializer,
    UniqueIdField,
)
from .cut import cut_data
from .notes import (
    ListedAnnotationSerializer,
    NewestCommentSerializer,
    StandingReviewSerializer,
    newest_comment_body,
    standing_review_body,
)
from .task_parts import TaskParts, parts_of
from .users import ExpandedPersonSerializer
from .values import Body, wire_time, wire_time_or_none

REVIEW_WORDS: dict[str, str] = {
    ActionType.ACCEPTED: "accepted",
    ActionType.REJECTED: "rejected",
    ActionType.FIXED_AND_ACCEPTED: "fixed",
}


class TaskBodySerializer(serializers.ModelSerializer):
    """A task and its counters."""

    data: Any = ObjectField(read_only=True)  # the key hides Serializer.data
    is_labeled = serializers.BooleanField(read_only=True)
    file_upload = serializers.IntegerField(source="file_upload_id", read_only=True, allow_null=True)
    storage_filename = serializers.CharField(read_only=True, allow_null=True)
    comment_authors = serializers.ListField(child=serializers.IntegerField(), read_only=True)

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

    def to_representation(self, task: Task) -> Body:
        return task_body(task)


def task_body(task: Task) -> Body:
    """The same for every reader."""
    return {
        "id": task.pk,
        "inner_id": task.inner_id,
        "data": task.data,
        "meta": task.meta,
        "project": task.project_id,
        "overlap": task.overlap,
        "allow_skip": task.allow_skip,
        "created_at": wire_time(task.created_at),
        "updated_at": wire_time(task.updated_at),
        "updated_by": task.updated_by_id,
        "completed_at": wire_time_or_none(task.completed_at),
        "is_labeled": task.is_labeled,
        "total_annotations": task.total_annotations,
        "cancelled_annotations": task.cancelled_annotations,
        "total_predictions": task.total_predictions,
        "reviewed": task.reviewed,
        "reviewed_at": wire_time_or_none(task.reviewed_at),
        "reviews_accepted": task.reviews_accepted,
        "reviews_rejected": task.reviews_rejected,
        "comment_count": task.comment_count,
        "unresolved_comment_count": task.unresolved_comment_count,
        "last_comment_updated_at": wire_time_or_none(task.last_comment_updated_at),
        "final_annotation": task.final_annotation_id,
        "final_state": str(task.final_state),
        "comment_authors": [],
        "unique_id": str(task.unique_id),
        "external_id": task.external_id,
        "closed_at": wire_time_or_none(task.closed_at),
        "closed_because": task.closed_because,
        "file_upload": task.file_upload_id,
        "storage_filename": None,
    }


class UpdatedBySerializer(serializers.Serializer):
    user_id = serializers.IntegerField()


class WorkedOnSerializer(serializers.Serializer):
    """What somebody did on a task. `review`: the standing verdict on an annotator's work, or of a reviewer:
    `accepted`, `rejected` or `fixed`."""

    user_id = serializers.IntegerField()
    annotated = serializers.BooleanField()
    reviewed = serializers.BooleanField()
    review = serializers.CharField(allow_null=True)


class TaskSerializer(TaskBodySerializer):
    """A task with who worked on it."""

    updated_by = UpdatedBySerializer(many=True, read_only=True)
    annotators = WorkedOnSerializer(many=True, read_only=True)
    annotators_count = serializers.IntegerField(read_only=True)
    reviewers = WorkedOnSerializer(many=True, read_only=True)
    reviewers_count = serializers.IntegerField(read_only=True)
    standing_reviews = StandingReviewSerializer(
        many=True, read_only=True, help_text="The verdicts on its annotations that stand."
    )
    newest_comment = NewestCommentSerializer(read_only=True, allow_null=True)

    class Meta(TaskBodySerializer.Meta):
        fields = [
            *TaskBodySerializer.Meta.fields,
            "annotators",
            "annotators_count",
            "reviewers",
            "reviewers_count",
            "standing_reviews",
            "newest_comment",
        ]
        optional_keys = [name for name in fields if is_hidden_from_annotators(name)]

    def to_representation(self, task: Task) -> Body:
        return tasks_for_reader([task], self.context["request"].user)[0]


class ListedTaskSerializer(TaskSerializer):
    cut = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="The keys of `data` whose values are cut."
    )

    class Meta(TaskSerializer.Meta):
        fields = [*TaskSerializer.Meta.fields, "cut"]


def task_for_reader(
    task: Task, parts: TaskParts, reader: User, *, hides_reviewers: bool | None = None
) -> Body:
    """`hides_reviewers`: a rejection on the task is contested, and this reader may be the one who decides.
    Found among the annotations of `parts`, unless the caller knows more."""
    if not may(reader, "view_all_annotations", task.project_id):
        return _for_annotator(task, parts, reader) | _notes(parts, reader)
    if hides_reviewers is None:
        hides_reviewers = any(is_hidden_from(reader, annotation) for annotation in parts.annotations)
    identities = identities_in(task.project_id, reader)
    reviewers = _reviewers(task, parts, identities)
    body = task_body(task) | {
        # A list of one, as the data manager and the SDK read it.
        "updated_by": [{"user_id": identities.mask_id(task.updated_by_id)}] if task.updated_by_id else [],
        "comment_authors": sorted(identities.mask_id(commenter) for commenter in parts.commenters),
        "annotators": [_annotator(annotation, identities) for annotation in parts.annotations],
        "annotators_count": len({annotation.completed_by_id for annotation in parts.annotations}),
        "reviewers": reviewers,
        "reviewers_count": len(reviewers),
        **_notes(parts, reader),
    }
    if hides_reviewers:
        body["updated_by"] = body["updated_by"] if task.updated_by_id == reader.pk else []
        body["comment_authors"] = [author for author in body["comment_authors"] if author == reader.pk]
        for note in [*body["standing_reviews"], body["newest_comment"]]:
            if note and note["created_by"] != reader.pk:
                note["created_by"] = None
    return body


def _notes(parts: TaskParts, reader: User) -> Body:
    ids = [annotation.pk for annotation in parts.annotations]
    standing = [parts.notes.reviews[pk] for pk in ids if pk in parts.notes.reviews]
    return {
        "standing_reviews": [standing_review_body(review, reader) for review in standing],
        "newest_comment": newest_comment_body(ids, parts.notes, reader),
    }


def _for_annotator(task: Task, parts: TaskParts, reader: User) -> Body:
    """Nothing of it depends on what others did."""
    own = own_values(task, parts.annotations)
    own |= {
        "completed_at": wire_time_or_none(own["completed_at"]),
        "updated_at": wire_time(own["updated_at"]),
    }
    body = task_body(task) | own | {"updated_by": [{"user_id": reader.pk}] if parts.annotations else []}
    return {name: value for name, value in body.items() if not is_hidden_from_annotators(name)}


def tasks_for_reader(tasks: Sequence[Task], reader: User) -> list[Body]:
    parts = parts_of(tasks, reader)
    return [task_for_reader(task, parts[task.pk], reader) for task in tasks]


def listed_tasks(tasks: Sequence[Task], reader: User) -> list[Body]:
    """Rows of a list: long values are cut."""
    return [cut_data(body) for body in tasks_for_reader(tasks, reader)]


def _annotator(annotation: Annotation, identities: Identities) -> Body:
    word = REVIEW_WORDS.get(annotation.last_action)
    author = identities.mask_id(annotation.completed_by_id)
    return {"user_id": author, "annotated": True, "reviewed": word is not None, "review": word}


def _reviewers(task: Task, parts: TaskParts, identities: Identities) -> list[Body]:
    assignments = [a for a in task.assignments.all() if a.type == AssignmentType.REVIEWER]
    assigned = {identities.mask_id(assignment.user_id) for assignment in assignments}
    reviewed = {identities.mask_id(reviewer) for reviewer in parts.reviewers}
    annotated = {identities.mask_id(annotation.completed_by_id) for annotation in parts.annotations}
    # While a verdict stands, `last_created_by` is its reviewer. Of several, the one on the last annotation.
    words = {
        identities.mask_id(annotation.last_created_by_id): REVIEW_WORDS[annotation.last_action]
        for annotation in parts.annotations
        if annotation.standing_review_id is not None and annotation.last_created_by_id is not None
    }
    return [
        {
            "user_id": user,
            "annotated": user in annotated,
            "reviewed": user in reviewed,
            "review": words.get(user) if user in reviewed else None,
        }
        for user in sorted(assigned | reviewed)
    ]


class ExpandedAnnotationSerializer(ListedAnnotationSerializer):
    completed_by = ExpandedPersonSerializer(read_only=True)


def expanded_person_body(user: User) -> Body:
    return {
        "id": user.pk,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "avatar": None,
        "initials": user.initials,
    }


class FullTaskSerializer(TaskSerializer):
    """`fields=all`: with annotations, predictions and the reader's own drafts."""

    annotations = ListedAnnotationSerializer(many=True, read_only=True)
    predictions = PredictionSerializer(many=True, read_only=True)
    drafts = DraftSerializer(many=True, read_only=True)

    class Meta(TaskSerializer.Meta):
        fields = [*TaskSerializer.Meta.fields, "annotations", "predictions", "drafts"]


class NewTaskSerializer(serializers.ModelSerializer):
    project = serializers.IntegerField(min_value=1, max_value=2**62)
    data: Any = ObjectField()
    unique_id = UniqueIdField(required=False)

    class Meta:
        model = Task
        fields = ["project", "data", "meta", "external_id", "allow_skip", "unique_id"]


class NewTaskOfProjectSerializer(NewTaskSerializer):
    """The same, under the project's own address."""

    project: Any = None  # in the URL

    class Meta(NewTaskSerializer.Meta):
        fields = [name for name in NewTaskSerializer.Meta.fields if name != "project"]


class TaskChangeSerializer(serializers.ModelSerializer):
    data: Any = ObjectField(required=False)

    class Meta:
        model = Task
        fields = ["data", "meta", "external_id", "allow_skip", "overlap"]
        extra_kwargs = {"overlap": {"min_value": 1, "max_value": 1000}}
