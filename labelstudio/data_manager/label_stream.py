"""The label stream: the next task to label, and what the caller labelled last."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from api.serializers import task_rows
from api.serializers.task_rows import NextTaskSerializer
from api.views.base import user_of, visible
from api.views.known_parameters import APIView
from api.views.tasks import TaskViewSet
from tasks.models import Project, Task
from tasks.services import stream
from tasks.sql import bounded_reads
from users.sentences import sentence as _

from .serializers import HistoryItemSerializer


def tasks_of(request: Request, project: Project):
    return Task.objects.visible_to(user_of(request)).filter(project=project).order_by("id")


def next_task(request: Request, project: Project, tasks: Any) -> Response:
    with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
        drawn = stream.draw(project, tasks, user_of(request))
    if drawn is None:
        raise NotFound(_("There are no tasks left for you to label here."), code="nothing_left")
    page = TaskViewSet(request=request, format_kwarg=None)
    task = get_object_or_404(page.get_queryset().prefetch_related("assignments"), pk=drawn.task_id)
    return Response(task_rows.next_task(task, user_of(request), drawn))


class NextTaskView(APIView):
    @extend_schema(responses=NextTaskSerializer)
    def get(self, request, pk):
        """The next task to label, your returned work first. 404 if there is none."""
        project = visible(Project.objects, request, pk)
        return next_task(request, project, tasks_of(request, project))


class StreamHistoryView(APIView):
    @extend_schema(responses=HistoryItemSerializer(many=True))
    def get(self, request, pk):
        """What you last annotated in this project, oldest first."""
        return Response(stream.history(visible(Project.objects, request, pk), request.user))
