"""Picking the final answer of a task, and closing it without one."""

from rest_framework import serializers

from tasks.known_names import KnownKeys
from tasks.models import Task


class PickSerializer(KnownKeys, serializers.Serializer):
    annotation = serializers.IntegerField(
        min_value=1, max_value=2**62, help_text="The annotation that is the final answer."
    )


class ClosingSerializer(KnownKeys, serializers.Serializer):
    because = serializers.CharField(max_length=255)


class ClosedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "project", "closed_at", "closed_by", "closed_because"]
        read_only_fields = fields
