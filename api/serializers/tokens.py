"""Keys and personal access tokens."""

from django.utils.timezone import now
from rest_framework import serializers

from users.models import ApiToken


class NewTokenSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100, default="api")
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate_expires_at(self, expires_at):
        if expires_at is not None and expires_at <= now():
            raise serializers.ValidationError("This time has passed: the token would never work.")
        return expires_at


class TokenSerializer(serializers.ModelSerializer):
    """A token without its key."""

    class Meta:
        model = ApiToken
        fields = ["id", "name", "kind", "prefix", "created_at", "expires_at", "revoked_at", "last_used_at"]
        read_only_fields = fields


class IssuedTokenSerializer(TokenSerializer):
    """A new token: the only time its key is shown."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class PersonalTokenSerializer(serializers.ModelSerializer):
    """A personal access token in a list.

    `token` is only the beginning of its claim `jti`, to recognise it by.
    """

    token = serializers.SerializerMethodField()

    class Meta:
        model = ApiToken
        fields = ["id", "name", "token", "created_at", "expires_at", "last_used_at"]
        read_only_fields = fields

    def get_token(self, token: ApiToken) -> str:
        return f"{token.prefix}…"


class RefreshSerializer(serializers.Serializer):
    refresh = serializers.CharField(max_length=2000, help_text="The personal access token.")
