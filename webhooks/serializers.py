"""Endpoints, events and deliveries on the wire."""

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.users import ORGANIZATION
from users.sentences import sentence as _

from .catalogue import CATALOGUE
from .endpoints import MASK
from .models import Attempt, Delivery, Event, Webhook
from .signing import secret_of

ACTION_NAMES = list(CATALOGUE)
OBJECT = {"type": "object", "additionalProperties": True}


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 10})
class HeadersField(serializers.JSONField):
    """Written in clear, read masked: they may hold a password of the consumer."""

    def to_representation(self, value: Any) -> Any:
        return dict.fromkeys(value, MASK)


@extend_schema_field({"type": "array", "items": {"type": "string", "enum": ACTION_NAMES}})
class ActionsField(serializers.ListField):
    def to_internal_value(self, data: Any) -> list[str]:
        names = list(dict.fromkeys(super().to_internal_value(data)))
        if unknown := [name for name in names if name not in CATALOGUE]:
            raise serializers.ValidationError(
                _("Unknown action %(unknown)r. GET /api/webhooks/info/ lists them all.", unknown=unknown[0]),
                code="unknown_action",
            )
        return names


class WebhookSerializer(serializers.ModelSerializer):
    """Label Studio's fields; those from `consecutive_failures` on are ours."""

    organization = serializers.SerializerMethodField()
    project = serializers.IntegerField(source="project_id", read_only=True, allow_null=True)
    headers = HeadersField(
        required=False,
        help_text=f"Values are shown as {MASK}. Sent back like that, the stored value stays.",
    )
    actions = ActionsField(child=serializers.CharField(max_length=64), required=False)

    class Meta:
        model = Webhook
        fields = [
            "id",
            "organization",
            "project",
            "url",
            "send_payload",
            "send_for_all_actions",
            "headers",
            "is_active",
            "actions",
            "created_at",
            "updated_at",
            "consecutive_failures",
            "last_success_at",
            "last_failure_at",
            "disabled_reason",
            "failing_since",
            "rest_until",
            "earlier_until",
            "parallel",
        ]
        extra_kwargs = {"parallel": {"min_value": 1, "max_value": 32}}
        read_only_fields = [
            "created_at",
            "updated_at",
            "consecutive_failures",
            "last_success_at",
            "last_failure_at",
            "disabled_reason",
            "failing_since",
            "rest_until",
            "earlier_until",
        ]

    def get_organization(self, webhook: Webhook) -> int:
        return ORGANIZATION

    def validate_headers(self, headers: Any) -> Any:
        for check in Webhook._meta.get_field("headers").validators:
            check(headers)
        return headers


class NewWebhookSerializer(WebhookSerializer):
    """With its secret, which is shown only in this answer."""

    project = serializers.IntegerField(
        source="project_id",
        required=False,
        allow_null=True,
        min_value=1,
        max_value=2**62,
        help_text="Null: the events of the whole site; administrators only.",
    )
    secret = serializers.SerializerMethodField(help_text="Verifies signatures. It is not shown again.")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]

    def get_secret(self, webhook: Webhook) -> str:
        return secret_of(webhook)


class EventSerializer(serializers.ModelSerializer):
    """`body` is what endpoints receive."""

    id = serializers.UUIDField(
        source="unique_id", read_only=True, help_text="The `webhook-id` of every delivery."
    )
    project = serializers.IntegerField(source="project_id", read_only=True)
    body = serializers.SerializerMethodField()

    class Meta:
        model = Event
        fields = ["position", "id", "action", "project", "annotation_seq", "created_at", "body"]
        read_only_fields = fields

    @extend_schema_field(OBJECT)
    def get_body(self, event: Event) -> Any:
        return json.loads(event.body)


class EventPageSerializer(serializers.Serializer):
    results = EventSerializer(many=True)
    next_after = serializers.IntegerField(help_text="Pass it as `after` to get what follows.")
    has_more = serializers.BooleanField()


class AttemptSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attempt
        fields = ["number", "at", "status", "duration", "error", "answer"]
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer):
    event = serializers.UUIDField(source="event.unique_id", read_only=True)
    action = serializers.CharField(source="event.action", read_only=True)
    happened_at = serializers.DateTimeField(source="event.created_at", read_only=True)
    next_at = serializers.SerializerMethodField()
    log = AttemptSerializer(many=True, read_only=True)

    class Meta:
        model = Delivery
        fields = [
            "id",
            "webhook",
            "event",
            "action",
            "happened_at",
            "state",
            "attempts",
            "next_at",
            "finished_at",
            "log",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_next_at(self, delivery: Delivery) -> str | None:
        """When the next attempt is; null if there is none."""
        if delivery.state != Delivery.State.PENDING:
            return None
        return serializers.DateTimeField().to_representation(delivery.next_at)


class ReplaySerializer(serializers.Serializer):
    """Which deliveries to send again."""

    state = serializers.MultipleChoiceField(
        source="states",
        choices=Delivery.State.choices,
        required=False,
        help_text="Default: dead and held.",
    )
    since = serializers.DateTimeField(required=False, help_text="Events from then on.")
    until = serializers.DateTimeField(required=False, help_text="Events before then.")
    actions = ActionsField(child=serializers.CharField(max_length=64), required=False)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        return {
            name: tuple(value) if isinstance(value, (list, set)) else value for name, value in sent.items()
        }


class ReplayedSerializer(serializers.Serializer):
    replayed = serializers.IntegerField(help_text="How many deliveries will be sent again.")
