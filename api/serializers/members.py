"""Members of a project and their roles."""

from rest_framework import serializers

from tasks.models import Membership
from users.capabilities import PROJECT_ROLES

from .names import NamesPeople
from .users import EmailField, UserSerializer

ROLES = [(role.value, role.label) for role in PROJECT_ROLES]


class MemberSerializer(UserSerializer):
    """A person with their role in the project. The view sets `membership`."""

    project_role = serializers.CharField(source="membership.role", read_only=True)
    paused = serializers.BooleanField(source="membership.paused", read_only=True)

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "project_role", "paused"]
        read_only_fields = fields


class MemberToRemoveSerializer(serializers.Serializer):
    user = serializers.IntegerField(min_value=1, max_value=2**62)


class NewMemberSerializer(MemberToRemoveSerializer):
    role = serializers.ChoiceField(ROLES, required=False)


class PausedMemberSerializer(MemberToRemoveSerializer):
    paused = serializers.BooleanField()


class MembershipSerializer(NamesPeople, serializers.ModelSerializer):
    people = ("user",)

    class Meta:
        model = Membership
        fields = ["id", "project", "user", "role", "paused", "created_at"]
        read_only_fields = ["id", "created_at"]
        validators: list = []


class NewRoleSerializer(serializers.Serializer):
    """The person by id (somebody you share a project with) or by e-mail."""

    project = serializers.IntegerField(min_value=1, max_value=2**62)
    user = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)
    email = EmailField(required=False)
    role = serializers.ChoiceField(choices=ROLES)


class PausedSerializer(serializers.Serializer):
    paused = serializers.BooleanField()
