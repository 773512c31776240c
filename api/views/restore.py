"""Restoring what was deleted, within 30 days."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from tasks.services import restoring

from .known_parameters import APIView

RESTORED = inline_serializer(
    "Restored", {"id": serializers.IntegerField(), "project": serializers.IntegerField()}
)


class RestoreProject(APIView):
    @extend_schema(operation_id="projects_restore", request=None, responses=RESTORED)
    def post(self, request, pk: int):
        """Restore a deleted project with everything in it (its managers, for 30 days)."""
        project = restoring.restore_project(pk, actor=request.user)
        return Response({"id": project.pk, "project": project.pk})


class RestoreTask(APIView):
    @extend_schema(operation_id="tasks_restore", request=None, responses=RESTORED)
    def post(self, request, pk: int):
        """Restore a deleted task with its annotations and verdicts (managers, for 30 days)."""
        (task,) = restoring.restore_tasks([pk], actor=request.user)
        return Response({"id": task.pk, "project": task.project_id})


class RestoreAnnotation(APIView):
    @extend_schema(operation_id="annotations_restore", request=None, responses=RESTORED)
    def post(self, request, pk: int):
        """Restore a deleted annotation, unreviewed: its verdict was withdrawn (managers, for 30 days).

        One that its author turned back into a draft is submitted again as it was.
        """
        annotation = restoring.restore_annotation(pk, actor=request.user)
        return Response({"id": annotation.pk, "project": annotation.project_id})
