"""The dead ends of a project."""

from rest_framework import serializers

from reviews.dead_ends.listing import Stuck
from reviews.dead_ends.reasons import ASSIGN, CLOSE, DECIDE, REASONS, RETURN
from tasks.known_names import KnownKeys

from .inbox import waiting_seconds


class DeadEndSerializer(serializers.Serializer):
    """A task that nobody will take up by themselves.

    `user`: the inactive person it waits for, if any. `annotation`: the one concerned, if any.
    `since`: the last change of the task.
    """

    reason = serializers.ChoiceField(choices=list(REASONS), source="reason.name")
    says = serializers.CharField(source="reason.sentence")
    task = serializers.IntegerField()
    annotation = serializers.IntegerField(allow_null=True)
    user = serializers.IntegerField(source="person", allow_null=True)
    since = serializers.DateTimeField()
    waiting_seconds = serializers.SerializerMethodField()
    buttons = serializers.ListField(child=serializers.ChoiceField(choices=[DECIDE, ASSIGN, RETURN, CLOSE]))
    link = serializers.SerializerMethodField(help_text="The review screen, to decide it.")

    def get_waiting_seconds(self, row: Stuck) -> int:
        return waiting_seconds(row.since)

    def get_link(self, row: Stuck) -> str:
        return self.context["request"].build_absolute_uri(row.link(self.context["project"].pk))


class DeadEndParameters(serializers.Serializer):
    reason = serializers.ChoiceField(choices=list(REASONS), required=False)


class ResolveSerializer(KnownKeys, serializers.Serializer):
    press = serializers.ChoiceField(choices=[ASSIGN, RETURN, CLOSE])
    reason = serializers.ChoiceField(
        choices=list(REASONS), required=False, help_text="Required if the task is stuck for several reasons."
    )
    to = serializers.IntegerField(
        required=False, min_value=1, max_value=2**62, help_text="The person to `assign`."
    )
    because = serializers.CharField(
        required=False, max_length=255, default="", help_text="Required to `close`."
    )


class ResolvedSerializer(serializers.Serializer):
    task = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Under which it is still stuck.")
