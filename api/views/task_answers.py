"""Picking the answer of a task whose accepted annotations differ."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from reviews import picks

from ..serializers.task_answers import PickSerializer
from ..serializers.task_rows import OneTaskSerializer
from .base import sent
from .tasks import TaskViewSet


class FinalAnswerViewSet(TaskViewSet):
    @extend_schema(operation_id="tasks_final_pick", request=PickSerializer, responses=OneTaskSerializer)
    def pick(self, request, pk=None):
        """Pick the answer among annotations that stand accepted, or are ground truth, and differ (reviewers)."""
        picks.pick(self.get_object(), sent(PickSerializer, request)["annotation"], actor=request.user)
        return Response(self._one(pk))

    @extend_schema(operation_id="tasks_final_undo", responses=OneTaskSerializer)
    def undo(self, request, pk=None):
        """Take the pick back: whoever picked, or a manager."""
        picks.undo(self.get_object(), actor=request.user)
        return Response(self._one(pk))
