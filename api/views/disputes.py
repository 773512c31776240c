"""The disputes of a project: what waits, what became of it, and whose."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from reviews import disputes
from reviews.models import Dispute
from tasks.models import Project

from ..pagination import Pages
from ..serializers.disputes import DisputeSerializer, RecordSerializer
from .base import ViewSet, visible

OPEN = "open"
OUTCOMES = [OPEN, *Dispute.Outcome.values]


class DisputeViewSet(ViewSet):
    """`pk` is the project."""

    queryset = Project.objects.all()
    serializer_class = DisputeSerializer
    pagination_class = Pages

    @extend_schema(
        operation_id="projects_disputes_list",
        parameters=[OpenApiParameter("outcome", str, enum=OUTCOMES, description="`open`: not decided yet.")],
        responses=DisputeSerializer(many=True),
    )
    def list(self, request, pk=None):
        """Contested rejections, newest first. Leads see all; reviewers the open ones, without who rejected, and those about their
        own verdicts or decided by them; annotators their own."""
        project = visible(Project.objects, request, pk)
        found = (
            disputes.visible_to(request.user, project)
            .select_related("review", "annotation", "project")
            .order_by("-id")
        )
        asked = request.query_params.get("outcome")
        if asked is not None and asked not in OUTCOMES:
            raise ValidationError({"outcome": f"One of {', '.join(OUTCOMES)}."})
        if asked:
            found = found.filter(outcome=None if asked == OPEN else asked)
        return self.page_of(found)

    @extend_schema(operation_id="projects_disputes_records", responses=RecordSerializer(many=True))
    def records(self, request, pk=None):
        """What became of everybody's disputes here, as annotator and as reviewer; to others than leads only their own."""
        project = visible(Project.objects, request, pk)
        found = disputes.records_shown_to(request.user, project)
        return Response([{"user": user, **record.as_dict()} for user, record in sorted(found.items())])
