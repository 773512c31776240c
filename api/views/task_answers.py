"""The answer of a task: picking it where accepted annotations differ, or closing the task without one."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from reviews import final_picks
from tasks.models import Task
from tasks.services import closing

from ..openapi.headers import ETAG
from ..serializers.task_answers import ClosedSerializer, ClosingSerializer, PickSerializer
from ..serializers.task_rows import OneTaskSerializer
from .base import require, sent, visible
from .known_parameters import APIView
from .tasks import TaskViewSet


class FinalAnswerViewSet(TaskViewSet):
    @extend_schema(
        operation_id="tasks_final_pick",
        request=PickSerializer,
        responses=OneTaskSerializer,
        parameters=[ETAG],
    )
    def pick(self, request, pk=None):
        """Pick the final answer among differing annotations that are accepted or ground truth (reviewers)."""
        final_picks.pick(self.get_object(), sent(PickSerializer, request)["annotation"], actor=request.user)
        return self._answer(pk)

    @extend_schema(operation_id="tasks_final_undo", responses=OneTaskSerializer, parameters=[ETAG])
    def undo(self, request, pk=None):
        """Undo the pick (the person who picked, or a manager)."""
        final_picks.undo(self.get_object(), actor=request.user)
        return self._answer(pk)


class CloseTask(APIView):
    @extend_schema(operation_id="tasks_close", request=ClosingSerializer, responses=ClosedSerializer)
    def post(self, request, pk: int):
        """Close the task (managers): nobody gets it any more. Its annotations and verdicts stay."""
        task = self._managed(request, pk)
        because = sent(ClosingSerializer, request)["because"]
        return Response(ClosedSerializer(closing.close(task.pk, reason=because, actor=request.user)).data)

    @extend_schema(operation_id="tasks_open", responses=ClosedSerializer)
    def delete(self, request, pk: int):
        """Reopen a closed task (managers)."""
        task = self._managed(request, pk)
        return Response(ClosedSerializer(closing.open_again(task.pk, actor=request.user)).data)

    def _managed(self, request, pk: int) -> Task:
        task = visible(Task.objects, request, pk)
        require(request, "manage_project", task.project_id)
        return task
