"""Bodies of the data manager."""

from typing import Any

from rest_framework import serializers

from api.serializers.names import NamesPeople
from api.serializers.reviews import BulkJobSerializer
from reviews.task_table.columns import hidden_by_default
from reviews.task_table.filters import Reader
from reviews.task_table.query import parse_query
from reviews.task_table.selection import parse_selection
from tasks.models import View

from .pseudonyms import translate_people


class SavedField(serializers.DictField):
    """An object. What is stored and is none, by an import or by hand, reads as an empty one."""

    def to_representation(self, value: Any) -> dict[str, Any]:
        return super().to_representation(value) if isinstance(value, dict) else {}


class ViewSerializer(NamesPeople, serializers.ModelSerializer):
    """A tab as Label Studio's clients read it: filters and ordering are inside `data`.

    People in its filters are stored by their real ids, and shown to each reader by the ids they know.
    """

    people = ("user",)
    user: Any = serializers.PrimaryKeyRelatedField(source="created_by", read_only=True, allow_null=True)
    data: Any = SavedField(required=False)  # the key hides Serializer.data
    selected_items = SavedField(required=False)
    ordering = serializers.SerializerMethodField()

    class Meta:
        model = View
        fields = ["id", "project", "user", "data", "order", "ordering", "selected_items"]
        read_only_fields = ["id", "project"]

    def get_ordering(self, view: View) -> list[str]:
        ordering = view.data.get("ordering") if isinstance(view.data, dict) else None
        return ordering if isinstance(ordering, list) else []

    def validate_data(self, data: dict[str, Any]) -> dict[str, Any]:
        reader = Reader(self.context["request"].user, self.context["project"])
        # Only to refuse what cannot be read: the tab is stored as it was sent.
        parse_query(data, reader)
        return translate_people(data, reader.identities.unmask_id) if reader.identities.mask_people else data

    def to_representation(self, view: View) -> dict[str, Any]:
        body, identities = super().to_representation(view), self.identities(view)
        data = body["data"] or {}
        if identities.mask_people:
            data = translate_people(data, identities.mask)
        # Null means: what is hidden by default. A missing key and empty lists stay as they are.
        if data.get("hiddenColumns", ()) is None:
            data["hiddenColumns"] = hidden_by_default(self.context["request"].user, view.project)
        return body | {"data": data}

    def validate_selected_items(self, sent: dict[str, Any]) -> dict[str, Any]:
        return parse_selection(sent).as_body() if sent else {}


class NewViewSerializer(ViewSerializer):
    project = serializers.IntegerField(min_value=1, max_value=2**62)

    class Meta(ViewSerializer.Meta):
        read_only_fields = ["id"]


class ViewOrderSerializer(serializers.Serializer):
    project = serializers.IntegerField(min_value=1, max_value=2**62)
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**62), max_length=10_000
    )


class SelectionSerializer(serializers.Serializer):
    all = serializers.BooleanField(required=False)
    included = serializers.ListField(child=serializers.IntegerField(), required=False)
    excluded = serializers.ListField(child=serializers.IntegerField(), required=False)


class DataManagerColumnsSerializer(serializers.Serializer):
    columns = serializers.ListField(child=serializers.DictField())


class ListedActionSerializer(serializers.Serializer):
    id = serializers.CharField()
    title = serializers.CharField()
    order = serializers.IntegerField()
    permission = serializers.CharField()
    experimental = serializers.BooleanField()
    dialog = serializers.DictField()


class PerformSerializer(serializers.Serializer):
    """The selection, and the fields of the action's dialog."""

    selectedItems = SelectionSerializer(required=False)
    filters = serializers.DictField(required=False)
    ordering = serializers.ListField(child=serializers.CharField(), required=False)
    comment = serializers.CharField(required=False)
    reject_action = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    to = serializers.CharField(required=False)
    include_decided = serializers.BooleanField(required=False)
    dry_run = serializers.BooleanField(required=False)
    expected_count = serializers.IntegerField(required=False, help_text="400 if it selects another number.")
    bulk_review = serializers.IntegerField(required=False, help_text="Of undo_bulk_review.")
    users = serializers.ListField(child=serializers.IntegerField(), required=False)
    annotator = serializers.IntegerField(required=False)
    model_version = serializers.CharField(required=False)


class PerformedSerializer(serializers.Serializer):
    processed_items = serializers.IntegerField()
    detail = serializers.CharField()
    reload = serializers.BooleanField(required=False)
    refused = serializers.DictField(child=serializers.IntegerField(), required=False)
    replaced = serializers.IntegerField(required=False, help_text="Verdicts of others.")
    restored = serializers.IntegerField(required=False, help_text="Of an undo: verdicts that stand again.")
    bulk_reviews = serializers.ListField(child=serializers.IntegerField(), required=False)
    dry_run = serializers.BooleanField(required=False)
    job = BulkJobSerializer(required=False, help_text="A long action; `async` is true then.")

    def get_fields(self) -> dict[str, serializers.Field]:
        return super().get_fields() | {"async": serializers.BooleanField(required=False)}  # a word of Python


class HistoryItemSerializer(serializers.Serializer):
    taskId = serializers.IntegerField()
    annotationId = serializers.IntegerField(allow_null=True)
