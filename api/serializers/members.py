"""Members of a project and their roles on the wire."""

from rest_framework import serializers

from tasks.models import Membership
from users.capabilities import PROJECT_ROLES

from .names import NamesPeople
from .users import UserSerializer


class MemberSerializer(UserSerializer):
    """A person with what they are in the project. Wants `membership` set."""

    project_role = serializers.CharField(source="membership.role", read_only=True)
    paused = serializers.BooleanField(source="membership.paused", read_only=True)

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "project_role", "paused"]
        read_only_fields = fields


class JoiningSerializer(serializers.Serializer):
    user = serializers.IntegerField(min_value=1, max_value=2**62)


class AddingSerializer(JoiningSerializer):
    role = serializers.ChoiceField(Membership._meta.get_field("role").choices, required=False)


class PausingSerializer(JoiningSerializer):
    paused = serializers.BooleanField()


class MembershipSerializer(NamesPeople, serializers.ModelSerializer):
    people = ("user",)

    class Meta:
        model = Membership
        fields = ["id", "project", "user", "role", "paused", "created_at"]
        read_only_fields = ["id", "created_at"]
        validators: list = []


class RoleRequestSerializer(serializers.Serializer):
    """Whom to make what: by id of somebody you share a project with, or by e-mail."""

    project = serializers.IntegerField(min_value=1, max_value=2**62)
    user = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    email = serializers.EmailField(required=False)
    role = serializers.ChoiceField(choices=[(r.value, r.label) for r in PROJECT_ROLES])


class PausedSerializer(serializers.Serializer):
    paused = serializers.BooleanField()
