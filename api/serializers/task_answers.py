"""The answer of a task, as somebody picks it."""

from rest_framework import serializers


class PickSerializer(serializers.Serializer):
    annotation = serializers.IntegerField(
        min_value=1, max_value=2**62, help_text="Which annotation of the task is its answer."
    )
