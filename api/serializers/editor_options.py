"""Options of Label Studio's editor."""

from rest_framework import serializers

from reviews.editor_options import ANNOTATE, REVIEW
from tasks.choices import RejectAction

from .users import UserSerializer


class RejectButtonSerializer(serializers.Serializer):
    """An entry of the editor's `customButtons.reject`. `name` is the `reject_action` to send."""

    name = serializers.ChoiceField(choices=RejectAction.choices)
    title = serializers.CharField()
    tooltip = serializers.CharField()
    variant = serializers.CharField()
    look = serializers.CharField()


class RejectReasonSerializer(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()


class EditorOptionsSerializer(serializers.Serializer):
    project = serializers.IntegerField()
    screen = serializers.ChoiceField(choices=[REVIEW, ANNOTATE])
    label_config = serializers.CharField()
    instruction = serializers.CharField()
    interfaces = serializers.ListField(child=serializers.CharField())
    require_comment_on_reject = serializers.BooleanField()
    default_reject_action = serializers.ChoiceField(choices=RejectAction.choices)
    reject_buttons = RejectButtonSerializer(many=True)
    reject_reasons = RejectReasonSerializer(many=True)
    user = UserSerializer()
    users = UserSerializer(many=True)
