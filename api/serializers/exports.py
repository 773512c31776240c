"""Saved exports as JSON."""

from typing import Any

from rest_framework import serializers

from exchange.exporting import packages
from exchange.exporting.formats import FORMATS
from exchange.exporting.selection import AnnotationOptionsSerializer, TaskOptionsSerializer
from exchange.models import Conversion, Export
from tasks.known_names import KnownKeys
from users.sentences import sentence as _

from .names import NamesPeople
from .users import ExpandedPersonSerializer

NO_KEY_FRAMES = _("Key frames are not interpolated.")
CONVERTED = [*(name for name in FORMATS if name != "JSON"), *packages.names()]


class ConversionSerializer(serializers.ModelSerializer):
    class Meta:
        model = Conversion
        fields = ["id", "export_type", "status"]
        read_only_fields = fields


class ExportSerializer(NamesPeople, serializers.ModelSerializer):
    """`status`: `created`, `in_progress`, `completed`, `failed`. `anonymized`: has pseudonyms."""

    created_by = ExpandedPersonSerializer(read_only=True)
    converted_formats = ConversionSerializer(many=True, read_only=True)

    class Meta:
        model = Export
        fields = [
            "id",
            "title",
            "project",
            "status",
            "created_by",
            "created_at",
            "finished_at",
            "snapshot_at",
            "anonymized",
            "md5",
            "counters",
            "converted_formats",
            "task_filter_options",
            "annotation_filter_options",
            "serialization_options",
        ]
        read_only_fields = fields


class OnlyIdSerializer(KnownKeys, serializers.Serializer):
    only_id = serializers.BooleanField(required=False)


class SerializationOptionsSerializer(KnownKeys, serializers.Serializer):
    """`predictions.only_id`: only ids. `annotations__completed_by.only_id: false`: authors as objects."""

    drafts = OnlyIdSerializer(required=False)
    predictions = OnlyIdSerializer(required=False)
    annotations__completed_by = OnlyIdSerializer(required=False)
    include_annotation_history = serializers.BooleanField(required=False)
    interpolate_key_frames = serializers.BooleanField(required=False)

    def validate_interpolate_key_frames(self, wanted: bool) -> bool:
        return _unsupported(NO_KEY_FRAMES, wanted)

    def validate_include_annotation_history(self, wanted: bool) -> bool:
        return _unsupported(_("The history is not in exports; read it at /api/annotation-history/."), wanted)


def _unsupported(detail: str, wanted: bool) -> bool:
    if wanted:
        raise serializers.ValidationError(detail)
    return wanted


class NewExportSerializer(KnownKeys, serializers.Serializer):
    title = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=255)
    task_filter_options = TaskOptionsSerializer(required=False, allow_null=True)
    annotation_filter_options = AnnotationOptionsSerializer(required=False, allow_null=True)
    serialization_options = SerializationOptionsSerializer(required=False, allow_null=True)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        """What was not sent, or sent as null, is not stored."""
        return {
            name: dict(value) if isinstance(value, dict) else value
            for name, value in sent.items()
            if value is not None
        }


class ConvertSerializer(KnownKeys, serializers.Serializer):
    export_type = serializers.ChoiceField(choices=CONVERTED)
    download_resources = serializers.BooleanField(required=False, allow_null=True)
