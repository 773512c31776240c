"""Whose turn it is: one's own inbox, and how far a project is."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from reviews.inbox.kinds import Kind
from reviews.inbox.mine import Inbox, inbox_of
from reviews.inbox.waiting import waiting_on
from tasks.models import Project
from tasks.sql import bounded_reads
from users.models import User

from ..pagination import InboxPages, ListPages, whole
from ..serializers.inbox import (
    AskInboxSerializer,
    CountsSerializer,
    ItemSerializer,
    WaitingSerializer,
    counts_body,
)
from .base import ViewSet, project_for, visible


class InboxViewSet(ViewSet):
    queryset = Project.objects.all()
    serializer_class = ItemSerializer
    pagination_class = InboxPages

    @extend_schema(operation_id="inbox", parameters=[AskInboxSerializer], responses=ItemSerializer(many=True))
    def list(self, request):
        """What waits for you, longest first. `count` counts the items listed, at most 1,000 of each kind; `counts` the work:
        what anybody may take is one item for each project."""
        inbox = self._asked(request)
        page = self.paginate_queryset(inbox.items)
        context = {**self.get_serializer_context(), "titles": titles_of({item.project for item in page})}
        answer = self.get_paginated_response(ItemSerializer(page, many=True, context=context).data)
        answer.data["counts"] = counts_body(inbox.counts, inbox.total)
        return answer

    def _asked(self, request) -> Inbox:
        sent = AskInboxSerializer(data=request.query_params)
        sent.is_valid(raise_exception=True)
        kind, project = sent.validated_data.get("kind"), sent.validated_data.get("project")
        if project:
            visible(Project.objects, request, project)
        return inbox_of(request.user, kinds=[Kind(kind)] if kind else list(Kind), project=project)

    @extend_schema(operation_id="inbox_counts", responses=CountsSerializer)
    def counts(self, request):
        """How much waits for you, by kind."""
        inbox = inbox_of(request.user)
        return Response(counts_body(inbox.counts, inbox.total))


def titles_of(projects: set[int]) -> dict[int, str]:
    return dict(Project.objects.filter(pk__in=projects).values_list("pk", "title"))


class WaitingViewSet(ViewSet):
    queryset = Project.objects.all()
    serializer_class = WaitingSerializer
    pagination_class = ListPages

    @extend_schema(
        operation_id="inbox_waiting",
        parameters=[OpenApiParameter("project", int)],
        responses=WaitingSerializer(many=True),
    )
    def list(self, request):
        """What waits on whom in the projects you manage, longest first: returned, given by hand, contested, and what is in
        somebody's hands just now."""
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            page = self.paginate_queryset(waiting_on(self._led(request)))
        people = User.objects.in_bulk({row.person for row in page if row.person})
        context = {
            **self.get_serializer_context(),
            "people": people,
            "titles": titles_of({row.project for row in page}),
        }
        return self.get_paginated_response(WaitingSerializer(page, many=True, context=context).data)

    def _led(self, request) -> Any:
        if "project" not in request.query_params:
            return (
                Project.objects.managed_by(request.user)
                .order_by("-pk")
                .values_list("pk", flat=True)[:MOST_LED]
            )
        project = project_for(
            request, "manage_project", whole(request.query_params, "project", 0, most=2**62)
        )
        return [project.pk]


MOST_LED = 1000
