"""Uploaded files."""

from typing import Any

from rest_framework import serializers

from tasks.known_names import KnownKeys
from tasks.models import Upload
from users.sentences import sentence as _

from .names import NamesPeople

MAX_SIGNED = 1000


class UploadSerializer(NamesPeople, serializers.ModelSerializer):
    """Label Studio's keys, and the path."""

    file = serializers.CharField(source="file.name", read_only=True)
    path = serializers.CharField(read_only=True, help_text="How a task's data refers to it.")

    class Meta:
        model = Upload
        fields = ["id", "file", "size", "path", "name", "content_type", "sha256", "created_by", "created_at"]
        read_only_fields = fields


class UploadIdsSerializer(KnownKeys, serializers.Serializer):
    """Which files to delete: nothing is deleted unless it is named, or all are asked for."""

    file_upload_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), required=False
    )
    all = serializers.BooleanField(required=False, default=False, help_text="Every file of the project.")

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        if sent["all"] == ("file_upload_ids" in sent):
            raise serializers.ValidationError(
                {"file_upload_ids": [_("Name the files to delete, or send all=true to delete every one.")]}
            )
        return sent


class DeletedUploadsSerializer(serializers.Serializer):
    deleted = serializers.IntegerField()


class SignSerializer(serializers.Serializer):
    path = serializers.CharField(max_length=2000, help_text="`/data/upload/…`, as the task's data has it.")


class SignManySerializer(serializers.Serializer):
    paths = serializers.ListField(
        child=serializers.CharField(max_length=2000), min_length=1, max_length=MAX_SIGNED
    )


class LinkSerializer(serializers.Serializer):
    path = serializers.CharField(help_text="As it was sent, or as the task's data has it.")
    url = serializers.CharField(help_text="Opens without signing in, until then.")
    expires_at = serializers.DateTimeField()


class ManyLinksSerializer(serializers.Serializer):
    links = LinkSerializer(many=True)
    not_found = serializers.ListField(child=serializers.CharField(), help_text="No file that you may see.")


class SignedSerializer(serializers.Serializer):
    url = serializers.CharField()
    expires_at = serializers.DateTimeField()
