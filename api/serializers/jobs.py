"""Jobs as JSON."""

from typing import Any

from rest_framework import serializers

from jobs.models import Job, State

from .users import PersonSerializer


class JobErrorSerializer(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    errors: Any = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Of an import: up to 100, by task and path."
    )


class JobSerializer(serializers.ModelSerializer):
    """`total` is null until known; `sentence` says the progress in words. `report` or `error` at the end."""

    project = serializers.IntegerField(source="project_id", allow_null=True)
    state = serializers.ChoiceField(choices=State.choices)
    created_by = PersonSerializer()
    report = serializers.DictField(allow_null=True)
    error = JobErrorSerializer(allow_null=True)

    class Meta:
        model = Job
        fields = [
            "id",
            "kind",
            "state",
            "done",
            "total",
            "sentence",
            "project",
            "created_by",
            "created_at",
            "started_at",
            "finished_at",
            "report",
            "error",
        ]
        read_only_fields = fields
