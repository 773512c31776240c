"""Uploaded files."""

from rest_framework import serializers

from tasks.models import Upload

from .names import NamesPeople


class UploadSerializer(NamesPeople, serializers.ModelSerializer):
    """Label Studio's keys, and the path."""

    file = serializers.CharField(source="file.name", read_only=True)
    path = serializers.CharField(read_only=True, help_text="How a task's data refers to it.")

    class Meta:
        model = Upload
        fields = ["id", "file", "size", "path", "name", "content_type", "sha256", "created_by", "created_at"]
        read_only_fields = fields


class UploadIdsSerializer(serializers.Serializer):
    file_upload_ids = serializers.ListField(child=serializers.IntegerField(), required=False, allow_null=True)


class DeletedUploadsSerializer(serializers.Serializer):
    deleted = serializers.IntegerField()


class SignSerializer(serializers.Serializer):
    path = serializers.CharField(max_length=2000, help_text="`/data/upload/…`, as the task's data has it.")


class SignedSerializer(serializers.Serializer):
    url = serializers.CharField()
    expires_at = serializers.DateTimeField()
