"""Ownerless work: what waits for people who are inactive in a project, and giving it to somebody else."""

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from reviews.service import AnnotationReviewService
from tasks.models import Project
from tasks.services import ownerless_work

from ..pagination import Pages
from ..serializers.reassignment import OwnerlessSerializer, ReassignedSerializer, ReassignSerializer
from .base import ViewSet, person_named, project_for, sent
from .known_parameters import APIView


class OwnerlessViewSet(ViewSet):
    """`pk` is the project."""

    queryset = Project.objects.all()
    serializer_class = OwnerlessSerializer
    pagination_class = Pages

    @extend_schema(operation_id="projects_ownerless_list", responses=OwnerlessSerializer(many=True))
    def list(self, request, pk=None):
        """Work that waits for people who are deactivated, removed or paused, oldest first (managers)."""
        project = project_for(request, "manage_members", pk)
        return self.page_of(ownerless_work.of_project(project))


class Reassign(APIView):
    @extend_schema(
        operation_id="projects_reassign", request=ReassignSerializer, responses=ReassignedSerializer
    )
    def post(self, request, pk: int):
        """Give a person's returned work, assignments and leases to another or to the pool (managers)."""
        project = project_for(request, "manage_members", pk)
        body = sent(ReassignSerializer, request)
        person = person_named(body, "from", request)
        to = None if body.get("to") is None else person_named(body, "to", request)
        moved = AnnotationReviewService(request.user).reassign(project, person, to=to)
        return Response(ReassignedSerializer(moved).data)
