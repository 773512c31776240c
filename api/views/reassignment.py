"""What waits on somebody who is not at work, and giving it to somebody else."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews.service import AnnotationReviewService
from reviews.visible_people import visible_people
from tasks.errors import Refused
from tasks.models import Project
from tasks.services import ownerless_work
from users.models import User

from ..pagination import Pages
from ..serializers.reassignment import OwnerlessSerializer, ReassignedSerializer
from .base import ViewSet, project_for

BIG = 2**62


class OwnerlessViewSet(ViewSet):
    """`pk` is the project."""

    queryset = Project.objects.all()
    serializer_class = OwnerlessSerializer
    pagination_class = Pages

    @extend_schema(operation_id="projects_ownerless_list", responses=OwnerlessSerializer(many=True))
    def list(self, request, pk=None):
        """Work that waits on people who are deactivated, removed or paused, oldest first (managers)."""
        project = project_for(request, "manage_members", pk)
        return self.page_of(ownerless_work.of_project(project))


class Reassign(APIView):
    @extend_schema(
        operation_id="projects_reassign",
        # `from` is no name Python allows, so the schema is written by hand.
        request={
            "application/json": {
                "type": "object",
                "required": ["from"],
                "properties": {
                    "from": {"type": "integer"},
                    "to": {"type": "integer", "nullable": True, "description": "Somebody at work here."},
                    "pool": {"type": "boolean", "description": "To nobody: whoever draws it next."},
                },
            }
        },
        responses=ReassignedSerializer,
    )
    def post(self, request, pk: int):
        """Give what waits on somebody (returned work, assignments, what they hold) to another person or the pool (managers)."""
        project = project_for(request, "manage_members", pk)
        person, to = _asked(request)
        moved = AnnotationReviewService(request.user).reassign(project, person, to=to)
        return Response(ReassignedSerializer(moved).data)


def _asked(request) -> tuple[User, User | None]:
    """Either `to` a person or to the `pool`, said outright."""
    if not isinstance(request.data, dict):
        raise Refused("not_an_object", "Expected an object, that is names with values.")
    to, pool = request.data.get("to"), request.data.get("pool") is True
    if (to is None) != pool:
        raise Refused("to_whom", 'Say to whom: "to" somebody at work here, or "pool": true.', field="to")
    return _person(request, "from"), None if pool else _person(request, "to")


def _person(request, field: str) -> User:
    number = serializers.IntegerField(min_value=1, max_value=BIG)
    try:
        wanted = number.run_validation(request.data.get(field, serializers.empty))
    except serializers.ValidationError as error:
        raise serializers.ValidationError({field: error.detail})
    if person := visible_people(request.user).filter(pk=wanted).first():
        return person
    raise Refused(
        "unknown_person",
        "No such person here. Name somebody who works or worked in this project.",
        field=field,
    )
