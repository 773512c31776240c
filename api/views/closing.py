"""Closing a task without an answer, and opening it again."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.models import Task
from tasks.services import closing

from .base import require, sent, visible


class ClosingSerializer(serializers.Serializer):
    because = serializers.CharField(max_length=255)


class ClosedSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = ["id", "project", "closed_at", "closed_by", "closed_because"]
        read_only_fields = fields


class CloseTask(APIView):
    @extend_schema(operation_id="tasks_close", request=ClosingSerializer, responses=ClosedSerializer)
    def post(self, request, pk: int):
        """Nobody is asked about this task any more (managers). Its work and verdicts stay as they are."""
        task = self._managed(request, pk)
        because = sent(ClosingSerializer, request)["because"]
        return Response(ClosedSerializer(closing.close(task.pk, because=because, actor=request.user)).data)

    @extend_schema(operation_id="tasks_open", responses=ClosedSerializer)
    def delete(self, request, pk: int):
        """Open it again (managers)."""
        task = self._managed(request, pk)
        return Response(ClosedSerializer(closing.open_again(task.pk, actor=request.user)).data)

    def _managed(self, request, pk: int) -> Task:
        task = visible(Task.objects, request, pk)
        require(request, "manage_project", task.project_id)
        return task
