"""People, as the reader may know them."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from tasks.known_names import KnownKeys
from users.capabilities import PROJECT_ROLES, Role
from users.emails import canonical_email
from users.models import User
from users.ranks import grantable_roles
from users.sentences import sentence as _

ORGANIZATION = 1  # Label Studio has organizations; a site is one
PROJECT_ROLE_CHOICES = [(role, role.label) for role in PROJECT_ROLES]
EMAIL_TAKEN = _("Another account has this e-mail.")


class EmailField(serializers.EmailField):
    def to_internal_value(self, data: Any) -> str:
        return canonical_email(super().to_internal_value(data))


class PersonSerializer(serializers.ModelSerializer):
    """A person in payloads and expanded references."""

    class Meta:
        model = User
        fields = ["id", "email", "first_name", "last_name"]
        read_only_fields = fields


class ExpandedPersonSerializer(PersonSerializer):
    """`completed_by` of annotations: the quick view of the data manager reads the e-mail and the avatar."""

    avatar = serializers.SerializerMethodField()
    initials = serializers.CharField(read_only=True)

    class Meta(PersonSerializer.Meta):
        fields = [*PersonSerializer.Meta.fields, "avatar", "initials"]

    def get_avatar(self, user: User) -> str | None:
        return None


class CommentAuthorSerializer(ExpandedPersonSerializer):
    """`created_by` of a comment, expanded. The SDK needs a `username` to read it as a person."""

    username = serializers.CharField(read_only=True)

    class Meta(ExpandedPersonSerializer.Meta):
        fields = [*ExpandedPersonSerializer.Meta.fields, "username"]


class UserSerializer(ExpandedPersonSerializer):
    """Label Studio's user. No key that the data manager reads is ever null."""

    username = serializers.CharField(read_only=True)
    active_organization = serializers.SerializerMethodField()
    active_organization_meta = serializers.SerializerMethodField()
    org_membership = serializers.SerializerMethodField()
    allow_newsletters = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    class Meta(ExpandedPersonSerializer.Meta):
        fields = [
            "id",
            "first_name",
            "last_name",
            "username",
            "email",
            "last_activity",
            "avatar",
            "initials",
            "phone",
            "active_organization",
            "active_organization_meta",
            "org_membership",
            "allow_newsletters",
            "date_joined",
            "permissions",
            "is_active",
        ]
        read_only_fields = fields

    def get_active_organization(self, user: User) -> int:
        return ORGANIZATION

    def get_active_organization_meta(self, user: User) -> dict[str, str]:
        return {"title": "Countersign", "email": ""}

    def get_org_membership(self, user: User) -> list[dict]:
        return [
            {
                "organization_id": ORGANIZATION,
                "role": user.role_on_site or Role.ANNOTATOR,
                "active": user.is_active,
            }
        ]

    def get_allow_newsletters(self, user: User) -> bool:
        return False

    def get_permissions(self, user: User) -> list[str]:
        return []


class NewUserSerializer(serializers.ModelSerializer):
    email = EmailField(
        max_length=254,
        validators=[UniqueValidator(User.objects.all(), EMAIL_TAKEN)],
    )
    password = serializers.CharField(
        write_only=True, required=False, allow_null=True, trim_whitespace=False, max_length=4096
    )

    class Meta:
        model = User
        fields = ["email", "first_name", "last_name", "password", "site_role", "may_create_projects"]

    def validate_password(self, password: str | None) -> str | None:
        if password is not None:
            validate_password(password)
        return password

    def validate_site_role(self, role: str) -> str:
        if role and role not in grantable_roles(self.context["request"].user):
            raise serializers.ValidationError(_("You cannot give a role above your own."))
        return role


# What Label Studio's client sends of a person, and has no counterpart here.
OF_LABEL_STUDIO = (
    *("email_notification_settings", "is_email_verified", "onboarding_state", "custom_hotkeys"),
    *UserSerializer.Meta.fields,
)


class PersonChangeSerializer(KnownKeys, NewUserSerializer):
    """What administrators change in the account of somebody else."""

    email = EmailField(max_length=254, required=False)

    class Meta(NewUserSerializer.Meta):
        fields = [
            "email",
            "first_name",
            "last_name",
            "phone",
            "is_active",
            "is_staff",
            "site_role",
            "may_create_projects",
        ]

    password: Any = None  # people choose their own
    read_keys = OF_LABEL_STUDIO

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and "password" in data:
            raise serializers.ValidationError(
                {"password": [_("People choose their own password, on the page that resets it.")]}
            )
        return super().to_internal_value(data)

    def validate_email(self, email: str) -> str:
        if User.objects.filter(email=email).exclude(pk=self.context["person"].pk).exists():
            raise serializers.ValidationError(EMAIL_TAKEN, code="unique")
        return email


class InvitationSerializer(serializers.Serializer):
    email = EmailField(max_length=254)
    first_name = serializers.CharField(max_length=150, required=False)
    last_name = serializers.CharField(max_length=150, required=False)
    project = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    role = serializers.ChoiceField(PROJECT_ROLE_CHOICES, default=Role.ANNOTATOR, help_text="In `project`.")


class InvitedSerializer(serializers.Serializer):
    user = PersonSerializer()
    is_new = serializers.BooleanField(help_text="They had no account: a mail brings them a link.")
    project = serializers.IntegerField(allow_null=True)
    role = serializers.ChoiceField(PROJECT_ROLE_CHOICES, allow_null=True)


class ProfileSerializer(serializers.ModelSerializer):
    """What people may change in their own account."""

    class Meta:
        model = User
        fields = ["first_name", "last_name", "phone"]


class LoginSerializer(serializers.Serializer):
    email = EmailField()
    password = serializers.CharField(trim_whitespace=False)


class MergeSerializer(serializers.Serializer):
    into = serializers.IntegerField(
        min_value=1, max_value=2**62, help_text="Id of the person the placeholder is."
    )


class SelfReviewSerializer(serializers.Serializer):
    id = serializers.IntegerField(help_text="Of the review.")
    annotation = serializers.IntegerField()
    task = serializers.IntegerField()
    project = serializers.IntegerField()


class MergedSerializer(serializers.Serializer):
    annotations = serializers.IntegerField()
    comments = serializers.IntegerField()
    self_review_count = serializers.IntegerField()
    self_reviews = SelfReviewSerializer(many=True, help_text="The first hundred.")
