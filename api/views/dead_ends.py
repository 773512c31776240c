"""Dead ends: tasks that nobody will take up without a manager, and the actions that move them on."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from reviews.dead_ends import resolving
from reviews.dead_ends.listing import described, still_stuck, stuck_in
from reviews.dead_ends.reasons import REASONS
from reviews.inbox.kinds import BOUND
from tasks.models import Project, Task
from tasks.sql import bounded_reads

from ..filters.parameters import parameters_of
from ..pagination import InboxPages
from ..serializers.dead_ends import (
    DeadEndParameters,
    DeadEndSerializer,
    ResolvedSerializer,
    ResolveSerializer,
)
from .base import ViewSet, person_named, project_for, require, sent, visible
from .known_parameters import APIView


class DeadEndViewSet(ViewSet):
    """`pk` is the project."""

    queryset = Project.objects.all()
    serializer_class = DeadEndSerializer
    pagination_class = InboxPages

    @extend_schema(
        operation_id="projects_dead_ends",
        parameters=[DeadEndParameters],
        responses=DeadEndSerializer(many=True),
    )
    def list(self, request, pk=None):
        """Tasks that nobody will take up by themselves, by reason, with the possible actions (managers).

        At most 1,000 are listed for each reason, longest first; `counts` says how many there are.
        """
        project = project_for(request, "manage_project", pk)
        reason = parameters_of(DeadEndParameters, request).get("reason")
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            found = stuck_in(project, [reason] if reason else list(REASONS))
            rows = [(name, task, since) for name, tasks in found.items() for task, since in tasks[:BOUND]]
            page = described(project, self.paginate_queryset(rows) or [])
        context = {**self.get_serializer_context(), "project": project}
        response = self.get_paginated_response(DeadEndSerializer(page, many=True, context=context).data)
        # Every reason is listed, also those without tasks.
        numbers = dict.fromkeys(REASONS, 0) | {name: len(tasks) for name, tasks in found.items()}
        response.data["counts"] = {
            name: {"number": min(number, BOUND), "is_estimate": number > BOUND}
            for name, number in numbers.items()
        }
        return response


class ResolveDeadEnd(APIView):
    @extend_schema(operation_id="tasks_dead_end", request=ResolveSerializer, responses=ResolvedSerializer)
    def post(self, request, pk: int):
        """Move a stuck task on (managers): assign it, return it, or close it without an answer.

        What an action does depends on the reason. All work that waits for an inactive person moves at once.
        """
        task = visible(Task.objects.select_related("project"), request, pk)
        require(request, "manage_project", task.project_id)
        body = sent(ResolveSerializer, request)
        to = person_named(body, "to", request) if "to" in body else None
        resolving.resolve_stuck(
            task,
            body["press"],
            actor=request.user,
            reason=body.get("reason"),
            closing_reason=body["because"],
            to=to,
        )
        return Response({"task": task.pk, "reasons": still_stuck(task)})
