"""Ownerless work and its reassignment on the wire."""

from rest_framework import serializers

from tasks.services import members, ownerless_work


class OwnerlessSerializer(serializers.Serializer):
    """`kind` says what `id` is of: an annotation that was returned, an assignment, a draft (whose content is its author's)."""

    kind = serializers.ChoiceField(
        choices=[ownerless_work.RETURNED, ownerless_work.ASSIGNED, ownerless_work.DRAFT]
    )
    id = serializers.IntegerField()
    task = serializers.IntegerField()
    annotation = serializers.IntegerField(source="about", allow_null=True)
    user = serializers.IntegerField(source="person", help_text="On whom it waits.")
    why = serializers.ChoiceField(choices=[members.INACTIVE, members.REMOVED, members.PAUSED])
    since = serializers.DateTimeField()


class ReassignedSerializer(serializers.Serializer):
    returned = serializers.IntegerField(
        help_text="Returned annotations whose task somebody else annotates now."
    )
    assignments = serializers.IntegerField()
    left = serializers.IntegerField(
        help_text="Assignments that `to` may not take: their own work, or not their role."
    )
