"""A copy of a project, and a summary of what it holds."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.response import Response

from tasks.services import duplicating
from tasks.summary import summary_of

from .base import project_for, sent
from .known_parameters import APIView

SETTINGS, WITH_TASKS = "settings", "settings,data"


class DuplicateSerializer(serializers.Serializer):
    mode = serializers.ChoiceField(
        choices=[(SETTINGS, "Settings"), (WITH_TASKS, "Settings and tasks")], default=SETTINGS
    )
    title = serializers.CharField(min_length=3, max_length=256)
    description = serializers.CharField(required=False, allow_blank=True)
    include_members = serializers.BooleanField(default=False)


class SummarySerializer(serializers.Serializer):
    all_data_columns = serializers.DictField(
        child=serializers.IntegerField(), help_text="Each key of the tasks' data, and how many tasks have it."
    )
    common_data_columns = serializers.ListField(
        child=serializers.CharField(), help_text="The keys that all tasks have."
    )
    created_annotations = serializers.DictField(
        child=serializers.IntegerField(), help_text="Regions by `control|object|type`."
    )
    created_labels = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="Labels by control."
    )


class Duplicate(APIView):
    @extend_schema(
        operation_id="projects_duplicate",
        request=DuplicateSerializer,
        responses={201: inline_serializer("DuplicatedProject", {"id": serializers.IntegerField()})},
    )
    def post(self, request, pk: int):
        """Copy the settings of a project, and if wanted its members and the data of its tasks (managers)."""
        project = project_for(request, "manage_project", pk)
        body = sent(DuplicateSerializer, request)
        copy = duplicating.duplicate(
            project,
            actor=request.user,
            title=body["title"],
            description=body.get("description"),
            with_tasks=body["mode"] == WITH_TASKS,
            with_members=body["include_members"],
        )
        return Response({"id": copy.pk}, status=status.HTTP_201_CREATED)


class Summary(APIView):
    @extend_schema(operation_id="projects_summary", responses=SummarySerializer)
    def get(self, request, pk: int):
        """The keys of the project's tasks, and what was answered how often. Counted when asked."""
        return Response(summary_of(project_for(request, "view_all_annotations", pk)))
