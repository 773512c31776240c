"""The disputes of a project: contested rejections and their outcomes."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from reviews import disputes
from reviews.models import Dispute
from tasks.models import Project

from ..filters.lists import DisputeFilter
from ..pagination import Pages
from ..serializers.disputes import DisputeSerializer, RecordSerializer
from .base import ViewSet, visible


class DisputeViewSet(ViewSet):
    """`pk` is the project."""

    queryset = Dispute.objects.all()
    serializer_class = DisputeSerializer
    filterset_class = DisputeFilter
    pagination_class = Pages

    @extend_schema(operation_id="projects_disputes_list", responses=DisputeSerializer(many=True))
    def list(self, request, pk=None):
        """Contested rejections, newest first.

        Managers see all. Reviewers see open ones (without who rejected) and those about their own verdicts or
        decided by them. Annotators see their own.
        """
        project = visible(Project.objects, request, pk)
        found = disputes.visible_to(request.user, project)
        found = found.select_related("review", "annotation", "project").order_by("-id")
        return self.page_of(self.filter_queryset(found))

    @extend_schema(operation_id="projects_disputes_records", responses=RecordSerializer(many=True))
    def records(self, request, pk=None):
        """Outcomes of disputes by person, as annotator and as reviewer. Only managers see other people's."""
        project = visible(Project.objects, request, pk)
        found = disputes.visible_counts(request.user, project)
        return Response([{"user": user, **record.as_dict()} for user, record in sorted(found.items())])
