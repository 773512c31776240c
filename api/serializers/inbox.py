"""What waits for somebody, and what waits in the projects somebody manages."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reviews.inbox.inbox import Count
from reviews.inbox.kinds import Item, Kind
from reviews.inbox.waiting_on import Waiting, WaitingKind
from users.models import User


class WaitingParameters(serializers.Serializer):
    project = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


class InboxParameters(WaitingParameters):
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)


class ProjectNameSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()


class ItemSerializer(serializers.Serializer):
    """One thing to do.

    `count` is 1 except for shared work (`task` is the one that waits longest) and the corrections of a fix.
    `about` is the id of the comment, or of the review with the corrections.
    """

    kind = serializers.ChoiceField(choices=Kind.choices)
    project = serializers.SerializerMethodField()
    task = serializers.IntegerField()
    annotation = serializers.IntegerField(allow_null=True)
    about = serializers.IntegerField(allow_null=True)
    since = serializers.DateTimeField()
    waiting_seconds = serializers.SerializerMethodField()
    count = serializers.IntegerField(source="number")
    count_is_estimate = serializers.BooleanField(source="is_estimate", help_text="`count` is a lower bound.")
    text = serializers.CharField(help_text="The comment.")
    to_do = serializers.CharField()
    link = serializers.SerializerMethodField(help_text="The page where it is done.")

    def get_project(self, item: Item) -> ProjectNameSerializer:
        return {"id": item.project, "title": self.context["titles"].get(item.project, "")}  # type: ignore[return-value]

    def get_waiting_seconds(self, item: Item) -> int:
        return waiting_seconds(item.since)

    def get_link(self, item: Item) -> str:
        return self.context["request"].build_absolute_uri(item.link)


def waiting_seconds(since: Any) -> int:
    return max(int((timezone.now() - since).total_seconds()), 0)


class KindCountSerializer(serializers.Serializer):
    """A number, at most 1,000 for each kind. `is_estimate`: it is a lower bound."""

    number = serializers.IntegerField()
    is_estimate = serializers.BooleanField()


class CountsSerializer(serializers.Serializer):
    """How much waits, by kind and in total."""

    def get_fields(self) -> dict[str, Any]:
        return {name: KindCountSerializer() for name in (*Kind.values, "total")}


def counts_body(counts: dict[Kind, Count], total: Count) -> dict[str, Any]:
    by_name = {**{kind.value: count for kind, count in counts.items()}, "total": total}
    return {
        name: {"number": count.number, "is_estimate": count.is_estimate} for name, count in by_name.items()
    }


class NamedSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "email", "first_name", "last_name"]
        read_only_fields = fields


class WaitingSerializer(serializers.Serializer):
    """`user` null: any reviewer may take it."""

    project = serializers.SerializerMethodField()
    user = serializers.SerializerMethodField()
    kind = serializers.ChoiceField(choices=WaitingKind.choices)
    count = serializers.IntegerField(source="number")
    count_is_estimate = serializers.BooleanField(source="is_estimate", help_text="`count` is a lower bound.")
    since = serializers.DateTimeField(help_text="Since when the oldest of them waits.")
    waiting_seconds = serializers.SerializerMethodField()

    def get_project(self, row: Waiting) -> ProjectNameSerializer:
        return {"id": row.project, "title": self.context["titles"].get(row.project, "")}  # type: ignore[return-value]

    @extend_schema_field(NamedSerializer(allow_null=True))
    def get_user(self, row: Waiting) -> dict[str, Any] | None:
        return dict(NamedSerializer(self.context["people"][row.person]).data) if row.person else None

    def get_waiting_seconds(self, row: Waiting) -> int:
        return waiting_seconds(row.since)
