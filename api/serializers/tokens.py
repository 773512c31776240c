"""Keys and personal access tokens."""

from django.utils.timezone import now
from rest_framework import serializers

from users.models import ApiToken, Session
from users.sentences import sentence as _
from users.sessions import hash_of


class NewTokenSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=100, default="api")
    expires_at = serializers.DateTimeField(required=False, allow_null=True)

    def validate_expires_at(self, expires_at):
        if expires_at is not None and expires_at <= now():
            raise serializers.ValidationError(_("This time has passed: the token would never work."))
        return expires_at


class TokenSerializer(serializers.ModelSerializer):
    """A token without its key."""

    class Meta:
        model = ApiToken
        fields = ["id", "name", "kind", "prefix", "created_at", "expires_at", "revoked_at", "last_used_at"]
        read_only_fields = fields


class OwnTokenSerializer(TokenSerializer):
    is_current = serializers.SerializerMethodField(help_text="This request is signed with it.")

    class Meta(TokenSerializer.Meta):
        fields = [name for name in TokenSerializer.Meta.fields if name != "revoked_at"] + ["is_current"]
        read_only_fields = fields

    def get_is_current(self, token: ApiToken) -> bool:
        return getattr(self.context["request"].auth, "pk", None) == token.pk


class SessionSerializer(serializers.ModelSerializer):
    id = serializers.CharField(source="pk", read_only=True)
    created_at = serializers.DateTimeField(read_only=True, allow_null=True)
    expires_at = serializers.DateTimeField(source="expire_date", read_only=True)
    agent = serializers.CharField(read_only=True, help_text="What the browser calls itself.")
    address = serializers.CharField(read_only=True, help_text="Where the sign-in came from.")
    is_current = serializers.SerializerMethodField(help_text="It is the session of this request.")

    class Meta:
        model = Session
        fields = ["id", "created_at", "expires_at", "agent", "address", "is_current"]
        read_only_fields = fields

    def get_is_current(self, session: Session) -> bool:
        return session.pk == hash_of(self.context["request"].session.session_key)


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
