"""Ownerless work and its reassignment."""

from typing import Any

from rest_framework import serializers

from tasks.known_names import KnownKeys
from tasks.services import members, ownerless_work
from users.sentences import sentence as _


class OwnerlessSerializer(serializers.Serializer):
    """`id` is that of a returned annotation, an assignment, or a draft (whose content stays its author's)."""

    kind = serializers.ChoiceField(
        choices=[ownerless_work.RETURNED, ownerless_work.ASSIGNED, ownerless_work.DRAFT]
    )
    id = serializers.IntegerField()
    task = serializers.IntegerField()
    annotation = serializers.IntegerField(source="about", allow_null=True)
    user = serializers.IntegerField(source="person", help_text="The person it waits for.")
    why = serializers.ChoiceField(choices=[members.INACTIVE, members.REMOVED, members.PAUSED])
    since = serializers.DateTimeField()


class ReassignSerializer(KnownKeys, serializers.Serializer):
    """Either `to` a person, or with `pool: true` to nobody: whoever draws it next."""

    to = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**62, help_text="An active member."
    )
    pool = serializers.BooleanField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is a keyword of Python.
        return {"from": serializers.IntegerField(min_value=1, max_value=2**62), **super().get_fields()}

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        if (body.get("to") is None) != body.get("pool", False):
            detail = _('Say to whom: "to" an active member, or "pool": true.')
            raise serializers.ValidationError({"to": [detail]}, code="to_whom")
        return body


class ReassignedSerializer(serializers.Serializer):
    returned = serializers.IntegerField(
        help_text="Returned annotations whose task somebody else annotates now."
    )
    assignments = serializers.IntegerField()
    left = serializers.IntegerField(
        help_text="Assignments that `to` may not take: their own work, or not their role."
    )
