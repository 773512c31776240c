"""What waits: for the caller (their inbox), and for everybody in the projects they manage."""

from collections.abc import Collection

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from reviews.inbox.inbox import inbox_of
from reviews.inbox.kinds import Kind
from reviews.inbox.waiting_on import waiting_on
from tasks.models import Project
from tasks.sql import bounded_reads
from users.models import User

from ..filters.parameters import parameters_of
from ..pagination import InboxPages, ListPages
from ..serializers.inbox import (
    CountsSerializer,
    InboxParameters,
    ItemSerializer,
    WaitingParameters,
    WaitingSerializer,
    counts_body,
)
from .base import ViewSet, project_for, visible

MAX_MANAGED = 1000


class InboxViewSet(ViewSet):
    queryset = Project.objects.all()
    serializer_class = ItemSerializer
    pagination_class = InboxPages

    @extend_schema(operation_id="inbox", parameters=[InboxParameters], responses=ItemSerializer(many=True))
    def list(self, request):
        """What waits for you, longest first.

        `count`: the items listed, at most 1,000 of each kind; work that anybody may take is one item
        for each project. `counts`: the amount of work.
        """
        wanted = parameters_of(InboxParameters, request)
        kind, project = wanted.get("kind"), wanted.get("project")
        if project:  # 404, where an empty inbox would say that it exists
            visible(Project.objects, request, project)
        inbox = inbox_of(request.user, kinds=[Kind(kind)] if kind else list(Kind), project=project)
        page = self.paginate_queryset(inbox.items) or []
        context = {**self.get_serializer_context(), "titles": titles_of({item.project for item in page})}
        response = self.get_paginated_response(ItemSerializer(page, many=True, context=context).data)
        response.data["counts"] = counts_body(inbox.counts, inbox.total)
        return response

    @extend_schema(operation_id="inbox_counts", responses=CountsSerializer)
    def counts(self, request):
        """How much waits for you, by kind."""
        inbox = inbox_of(request.user)
        return Response(counts_body(inbox.counts, inbox.total))


class WaitingViewSet(ViewSet):
    queryset = Project.objects.all()
    serializer_class = WaitingSerializer
    pagination_class = ListPages

    @extend_schema(
        operation_id="inbox_waiting",
        parameters=[WaitingParameters],
        responses=WaitingSerializer(many=True),
    )
    def list(self, request):
        """What waits for whom in the projects you manage, longest first."""
        projects = self._projects(request)
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            page = self.paginate_queryset(waiting_on(projects)) or []
        context = {
            **self.get_serializer_context(),
            "people": User.objects.in_bulk({row.person for row in page if row.person}),
            "titles": titles_of({row.project for row in page}),
        }
        return self.get_paginated_response(WaitingSerializer(page, many=True, context=context).data)

    def _projects(self, request) -> Collection[int]:
        if project := parameters_of(WaitingParameters, request).get("project"):
            return [project_for(request, "manage_project", project).pk]
        managed = Project.objects.managed_by(request.user).order_by("-pk")
        return managed.values_list("pk", flat=True)[:MAX_MANAGED]


def titles_of(projects: set[int]) -> dict[int, str]:
    return dict(Project.objects.filter(pk__in=projects).values_list("pk", "title"))
