"""What waits in the projects of a lead: on whom, and what nobody takes up by themselves."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews.dead_ends import REASONS
from reviews.inbox import buttons
from reviews.inbox.kinds import BOUND
from reviews.inbox.stuck import described, still_stuck, stuck_in
from tasks.models import Project, Task
from tasks.sql import bounded_reads

from ..pagination import InboxPages
from ..serializers.dead_ends import AskStuckSerializer, PressedSerializer, PressSerializer, StuckSerializer
from .base import ViewSet, person_named, project_for, require, sent, visible


class StuckViewSet(ViewSet):
    """`pk` is the project."""

    queryset = Project.objects.all()
    serializer_class = StuckSerializer
    pagination_class = InboxPages

    @extend_schema(
        operation_id="projects_dead_ends",
        parameters=[AskStuckSerializer],
        responses=StuckSerializer(many=True),
    )
    def list(self, request, pk=None):
        """Tasks that nobody takes up by themselves, by named reason (managers), with the buttons that move them on. Of each
        reason at most 1,000 are listed, longest first; `counts` says how many there are."""
        project = project_for(request, "manage_project", pk)
        asked = AskStuckSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        reason = asked.validated_data.get("reason")
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            found = stuck_in(project, [reason] if reason else list(REASONS))
            rows = [(name, task, since) for name, tasks in found.items() for task, since in tasks[:BOUND]]
            page = described(project, self.paginate_queryset(rows))
        context = {**self.get_serializer_context(), "project": project}
        answer = self.get_paginated_response(StuckSerializer(page, many=True, context=context).data)
        counts = {
            name: {"number": min(len(tasks), BOUND), "is_estimate": len(tasks) > BOUND}
            for name, tasks in found.items()
        }
        answer.data["counts"] = {name: {"number": 0, "is_estimate": False} for name in REASONS} | counts
        return answer


class Press(APIView):
    @extend_schema(operation_id="tasks_dead_end", request=PressSerializer, responses=PressedSerializer)
    def post(self, request, pk: int):
        """Move a stuck task on (managers): give it to somebody, return it, or close it without an answer. What each button does
        depends on the reason; of work that waits on somebody away, all of theirs goes."""
        task = visible(Task.objects.select_related("project"), request, pk)
        require(request, "manage_project", task.project_id)
        body = sent(PressSerializer, request)
        to = person_named(body, "to", request) if "to" in body else None
        asked = {"reason": body.get("reason"), "because": body["because"], "to": to}
        buttons.press(task, body["press"], actor=request.user, **asked)
        return Response({"task": task.pk, "reasons": still_stuck(task)})
