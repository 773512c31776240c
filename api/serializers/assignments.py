"""Assignments of tasks to people."""

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from tasks.choices import AssignmentType
from tasks.models import Assignment

MAX_TASKS = 10_000  # in one request


class AssignmentSerializer(serializers.ModelSerializer):
    assignee = serializers.IntegerField(source="user_id", read_only=True)

    class Meta:
        model = Assignment
        fields = ["id", "task", "assignee", "type", "created_at"]
        read_only_fields = fields


class AssignedSerializer(AssignmentSerializer):
    """The first of the people named, and all of this type."""

    id = serializers.IntegerField(required=False)
    created_at = serializers.DateTimeField(required=False)
    type = serializers.CharField(required=False)
    assignee = serializers.IntegerField(source="user_id", allow_null=True)
    assignments = AssignmentSerializer(many=True)

    class Meta(AssignmentSerializer.Meta):
        fields = [*AssignmentSerializer.Meta.fields, "assignments"]
        read_only_fields: list[str] = []


class AssigneesSerializer(serializers.Serializer):
    type = serializers.ChoiceField(choices=AssignmentType.choices)
    users = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), max_length=1000
    )


class AssignedTasksSerializer(serializers.Serializer):
    all = serializers.BooleanField(default=False)
    included = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=MAX_TASKS
    )
    excluded = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=MAX_TASKS
    )


class BulkAssigneesSerializer(AssigneesSerializer):
    selectedItems = AssignedTasksSerializer()
    filters = serializers.JSONField(
        required=False, allow_null=True, help_text="As in the data manager; with `all: true`."
    )


ASSIGNED = inline_serializer(
    "BulkAssigned",
    {
        "assignments": serializers.IntegerField(),
        "async": serializers.BooleanField(),
        "task_ids": serializers.ListField(child=serializers.IntegerField()),
    },
)
