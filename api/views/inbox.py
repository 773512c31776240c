"""Whose turn it is: one's own inbox, and how far a project is."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews.inbox.kinds import Kind
from reviews.inbox.mine import Inbox, inbox_of
from reviews.inbox.under_way import under_way
from tasks.models import Project
from tasks.progress import progress_of

from ..pagination import Pages
from ..serializers.inbox import AskInboxSerializer, CountsSerializer, ItemSerializer, counts_body
from ..serializers.progress import ProgressSerializer
from .base import ViewSet, visible


class ListPages(Pages):
    """Of rows that are there already."""

    def count(self, queryset, start: int, rows: Sequence[Any], view) -> tuple[int, bool]:
        return len(queryset), False


class InboxPages(ListPages):
    """With `counts` of all there is, by kind or reason."""

    def get_paginated_response_schema(self, schema: dict) -> dict:
        found = super().get_paginated_response_schema(schema)
        count = {"number": {"type": "integer"}, "is_estimate": {"type": "boolean"}}
        one = {"type": "object", "required": list(count), "properties": count}
        found["properties"] |= {"counts": {"type": "object", "additionalProperties": one}}
        found["required"] += ["counts"]
        return found


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


class ProjectProgress(APIView):
    @extend_schema(operation_id="projects_progress", responses=ProgressSerializer)
    def get(self, request, pk: int):
        """How far the project is, from stored counters."""
        project = visible(Project.objects, request, pk)
        progress, now = progress_of([project])[project.pk], under_way(project)
        counted = (
            asdict(progress) | asdict(now) | {"percent": progress.percent, "is_estimate": now.is_estimate}
        )
        return Response(ProgressSerializer({"project": project.pk, **counted}).data)
