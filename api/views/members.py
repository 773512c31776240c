"""The people of a project: who they are, joining and leaving."""

from collections.abc import Iterable

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.response import Response

from reviews.visible_people import visible_people
from tasks.errors import Refused
from tasks.models import Membership, Project, TaskAnnotator
from tasks.pseudonyms import REAL_IDENTITIES, Identities, identities_in
from tasks.roles import may
from tasks.services import members
from users.capabilities import Role
from users.models import User

from ..pagination import Pages
from ..serializers.users import PersonSerializer, UserSerializer
from .base import ViewSet, project_for, sent, visible


class MemberSerializer(UserSerializer):
    """A person with what they are in the project. Wants `membership` set."""

    project_role = serializers.CharField(source="membership.role", read_only=True)
    paused = serializers.BooleanField(source="membership.paused", read_only=True)

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "project_role", "paused"]
        read_only_fields = fields


class JoiningSerializer(serializers.Serializer):
    user = serializers.IntegerField(min_value=1, max_value=2**62)


class AddingSerializer(JoiningSerializer):
    role = serializers.ChoiceField(Membership._meta.get_field("role").choices, required=False)


class PausingSerializer(JoiningSerializer):
    paused = serializers.BooleanField()


class MemberViewSet(ViewSet):
    """`pk` is the project."""

    queryset = Membership.objects.order_by("user_id")
    serializer_class = MemberSerializer
    pagination_class = Pages

    @extend_schema(operation_id="projects_members_list", responses=UserSerializer(many=True))
    def list(self, request, pk=None):
        """The people of this project, as a plain list."""
        project = visible(Project.objects, request, pk)
        members = User.objects.filter(memberships__project=project).order_by("pk")[:10_000]
        return Response(UserSerializer(_known(members, project, request.user), many=True).data)

    @extend_schema(operation_id="projects_members_paginated", responses=MemberSerializer(many=True))
    def paginated(self, request, pk=None):
        """The same in pages, with everybody's role."""
        project = visible(Project.objects, request, pk)
        found = Membership.objects.filter(project=project).select_related("user").order_by("pk")
        identities = identities_in(project.pk, request.user)
        return self.get_paginated_response(
            [_member(row, identities) for row in self.paginate_queryset(found)]
        )

    @extend_schema(operation_id="projects_annotators", responses=PersonSerializer(many=True))
    def annotators(self, request, pk=None):
        """Who annotated something here; to an annotator, only themselves."""
        project = visible(Project.objects, request, pk)
        wrote = TaskAnnotator.objects.filter(project=project)
        if not may(request.user, "view_all_annotations", project):
            wrote = wrote.filter(user=request.user)
        authors = User.objects.filter(pk__in=wrote.values("user")).order_by("pk")[:10_000]
        return Response(PersonSerializer(_known(authors, project, request.user), many=True).data)

    @extend_schema(
        operation_id="projects_members_add", request=AddingSerializer, responses={201: AddingSerializer}
    )
    def create(self, request, pk=None):
        """Make somebody a member (managers): an annotator, unless `role` says else. Without it members stay what they are."""
        project = project_for(request, "manage_members", pk)
        body = sent(AddingSerializer, request)
        person = visible_people(request.user).people().filter(pk=body["user"]).first()
        if person is None:
            raise Refused(
                "unknown_person", "No such person here. Name somebody you share a project with.", field="user"
            )
        member = project.memberships.filter(user=person).first()
        if member is None or "role" in body:
            member = members.set_role(project, person, body.get("role", Role.ANNOTATOR))
        return Response({"user": person.pk, "role": member.role}, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="projects_members_remove",
        request=JoiningSerializer,
        parameters=[OpenApiParameter("user", int, description="Also in the body.")],
        responses={
            204: OpenApiResponse(description="No longer a member. Work and verdicts stay under their name.")
        },
    )
    def destroy(self, request, pk=None):
        """Take somebody out of the project (managers)."""
        project = project_for(request, "manage_members", pk)
        asked = request.query_params.get("user")
        body = JoiningSerializer(data={"user": asked} if asked else request.data)
        body.is_valid(raise_exception=True)
        members.remove(self._membership(project, body.validated_data["user"]), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="projects_members_pause", request=PausingSerializer, responses=MemberSerializer
    )
    def partial_update(self, request, pk=None):
        """Pause somebody, or take them on again (managers). Paused, they get no new work but may finish what was returned."""
        project = project_for(request, "manage_members", pk)
        body = sent(PausingSerializer, request)
        changed = members.set_paused(
            self._membership(project, body["user"]), body["paused"], actor=request.user
        )
        return Response(_member(changed, REAL_IDENTITIES))

    def _membership(self, project: Project, user: int) -> Membership:
        return get_object_or_404(project.memberships.select_related("user", "project"), user=user)


def _member(row: Membership, identities: Identities) -> dict:
    person = identities.mask_user(row.user)
    person.membership = row  # type: ignore[attr-defined]
    return MemberSerializer(person).data


def _known(people: Iterable[User], project: Project, reader: User) -> list[User]:
    """As the reader knows them, and in an order that tells no more."""
    identities = identities_in(project.pk, reader)
    return sorted((identities.mask_user(one) for one in people), key=lambda one: one.pk)
