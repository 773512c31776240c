"""The label configurations a project has had."""

from rest_framework import serializers

from tasks.models import LabelConfigVersion

from .names import NamesPeople


class ListedLabelConfigSerializer(NamesPeople, serializers.ModelSerializer):
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = LabelConfigVersion
        fields = ["id", "number", "project", "created_by", "created_at", "is_current"]
        read_only_fields = fields

    def get_is_current(self, version: LabelConfigVersion) -> bool:
        return version.pk == version.project.label_config_version_id


class OneLabelConfigSerializer(ListedLabelConfigSerializer):
    """With its text."""

    label_config = serializers.CharField(source="xml", read_only=True)

    class Meta(ListedLabelConfigSerializer.Meta):
        fields = [*ListedLabelConfigSerializer.Meta.fields, "label_config"]
        read_only_fields = fields
