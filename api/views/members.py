"""The members of a project and their roles."""

from collections.abc import Iterable

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response

from reviews.visible_people import find_person, visible_annotators, without_activity
from tasks.models import Membership, Project
from tasks.pseudonyms import REAL_IDENTITIES, Identities, identities_in
from tasks.services import members
from users.capabilities import Role
from users.models import User

from ..filters.lists import RoleFilter
from ..filters.parameters import choices_from
from ..pagination import LongList, Pages
from ..serializers.members import (
    MemberSerializer,
    MembershipSerializer,
    MemberToRemoveSerializer,
    NewMemberSerializer,
    NewRoleSerializer,
    PausedMemberSerializer,
    PausedSerializer,
)
from ..serializers.users import PersonSerializer, UserSerializer
from .base import ViewSet, project_for, require, sent, visible


class MemberViewSet(ViewSet):
    """`pk` is the project."""

    queryset = Membership.objects.order_by("user_id")
    serializer_class = MemberSerializer
    pagination_class = Pages

    @extend_schema(operation_id="projects_members_list", responses=UserSerializer(many=True))
    def list(self, request, pk=None):
        """The people of this project, as a plain list."""
        project = visible(Project.objects, request, pk)
        people = User.objects.filter(memberships__project=project).order_by("pk")[:10_000]
        shown = without_activity(_masked(people, project, request.user), request.user)
        return Response(UserSerializer(shown, many=True).data)

    @extend_schema(
        operation_id="projects_members_paginated",
        parameters=[
            OpenApiParameter("role", str, description="Only these roles, comma-separated."),
            OpenApiParameter("search", str, description="Words in their name or e-mail."),
            OpenApiParameter("ids", str, description="Only these people, comma-separated."),
        ],
        responses=MemberSerializer(many=True),
    )
    def paginated(self, request, pk=None):
        """The same in pages, with everybody's role."""
        project = visible(Project.objects, request, pk)
        found = Membership.objects.filter(project=project).select_related("user").order_by("pk")
        if roles := request.query_params.get("role"):
            found = found.filter(role__in=choices_from(roles, Role, "role"))
        identities = identities_in(project.pk, request.user)
        words, ids = (request.query_params.get(name, "").lower() for name in ("search", "ids"))
        if words or ids:
            # By the names that this reader knows people by.
            shown = [
                row.pk for row in found[:10_000] if _is_asked_for(identities.mask_user(row.user), words, ids)
            ]
            found = found.filter(pk__in=shown)
        rows = self.paginate_queryset(found) or []
        without_activity([row.user for row in rows], request.user)
        return self.get_paginated_response([_member(row, identities) for row in rows])

    @extend_schema(operation_id="projects_annotators", responses=PersonSerializer(many=True))
    def annotators(self, request, pk=None):
        """Who annotated something here; to an annotator, only themselves."""
        project = visible(Project.objects, request, pk)
        authors = visible_annotators(request.user, project).order_by("pk")[:10_000]
        return Response(PersonSerializer(_masked(authors, project, request.user), many=True).data)

    @extend_schema(
        operation_id="projects_members_add", request=NewMemberSerializer, responses={201: NewMemberSerializer}
    )
    def create(self, request, pk=None):
        """Add a member (managers): an annotator unless `role` is sent.

        A present member keeps their role without it.
        """
        project = project_for(request, "manage_members", pk)
        body = sent(NewMemberSerializer, request)
        person = find_person(request.user, pk=body["user"])
        if "role" in body:
            member = members.set_role(project, person, body["role"], actor=request.user)
        else:
            member = members.add(project, person, actor=request.user)
        return Response({"user": person.pk, "role": member.role}, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="projects_members_remove",
        request=MemberToRemoveSerializer,
        parameters=[OpenApiParameter("user", int, description="Also in the body.")],
        responses={
            204: OpenApiResponse(description="No longer a member. Work and verdicts stay under their name.")
        },
    )
    def destroy(self, request, pk=None):
        """Remove somebody from the project (managers)."""
        project = project_for(request, "manage_members", pk)
        in_query = request.query_params.get("user")
        body = MemberToRemoveSerializer(data={"user": in_query} if in_query else request.data)
        body.is_valid(raise_exception=True)
        members.remove(self._membership(project, body.validated_data["user"]), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="projects_members_pause", request=PausedMemberSerializer, responses=MemberSerializer
    )
    def partial_update(self, request, pk=None):
        """Pause or resume a member (managers).

        Paused members get no new work but may finish what was returned.
        """
        project = project_for(request, "manage_members", pk)
        body = sent(PausedMemberSerializer, request)
        changed = members.set_paused(
            self._membership(project, body["user"]), body["paused"], actor=request.user
        )
        return Response(_member(changed, REAL_IDENTITIES))

    def _membership(self, project: Project, user: int) -> Membership:
        return get_object_or_404(project.memberships.select_related("user", "project"), user=user)


def _is_asked_for(person: User, words: str, ids: str) -> bool:
    named = not ids or str(person.pk) in ids.split(",")
    return named and words in f"{person.get_full_name()} {person.email}".lower()


def _member(row: Membership, identities: Identities) -> dict:
    person = identities.mask_user(row.user)
    person.membership = row  # type: ignore[attr-defined]
    return MemberSerializer(person).data


def _masked(people: Iterable[User], project: Project, reader: User) -> list[User]:
    """Sorted by the ids shown: the order of the real ones would tell pseudonyms apart."""
    identities = identities_in(project.pk, reader)
    return sorted((identities.mask_user(one) for one in people), key=lambda one: one.pk)


class RoleViewSet(ViewSet):
    queryset = Membership.objects.order_by("id")
    serializer_class = MembershipSerializer
    pagination_class = LongList
    filterset_class = RoleFilter

    @extend_schema(operation_id="roles_list", responses=MembershipSerializer(many=True))
    def list(self, request):
        """The roles of everybody in the projects you see."""
        return self.page_of(self.filter_queryset(self.get_queryset()))

    @extend_schema(request=NewRoleSerializer, responses={201: MembershipSerializer})
    def create(self, request):
        """Give somebody a role in a project (managers). It replaces an earlier one."""
        body = sent(NewRoleSerializer, request)
        project = project_for(request, "manage_members", body["project"])
        person = find_person(request.user, pk=body.get("user"), email=body.get("email", ""))
        membership = members.set_role(project, person, body["role"], actor=request.user)
        return Response(self.get_serializer(membership).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PausedSerializer, responses=MembershipSerializer)
    def partial_update(self, request, pk=None):
        """Pause or resume a member (managers)."""
        membership = get_object_or_404(self.get_queryset().select_related("user", "project"), pk=pk)
        require(request, "manage_members", membership.project_id)
        membership = members.set_paused(
            membership, sent(PausedSerializer, request)["paused"], actor=request.user
        )
        return Response(self.get_serializer(membership).data)

    @extend_schema(
        responses={
            204: OpenApiResponse(description="No longer a member. Work and verdicts stay under their name.")
        }
    )
    def destroy(self, request, pk=None):
        membership = get_object_or_404(self.get_queryset().select_related("user"), pk=pk)
        require(request, "manage_members", membership.project_id)
        members.remove(membership, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
