"""Several members at once, and all of them as a table."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from reviews.visible_people import visible_people, without_activity
from tasks.errors import Refused
from tasks.models import Project
from tasks.services import members
from users.capabilities import PROJECT_ROLES
from users.models import User
from users.sentences import sentence as _

from ..openapi.headers import FILE_NAME
from ..serializers.values import wire_time, wire_time_or_none
from .base import project_for, sent, user_of
from .known_parameters import APIView
from .tables import csv_answer

MOST = 1000
COLUMNS = ("id", "email", "first_name", "last_name", "role", "paused", "joined_at", "last_activity")


def _ids() -> serializers.ListField:
    child = serializers.IntegerField(min_value=1, max_value=2**62)
    return serializers.ListField(child=child, required=False, max_length=MOST)


class BulkMembersSerializer(serializers.Serializer):
    all = serializers.BooleanField(default=False, help_text="Everybody, but `excluded`.")
    included = _ids()
    excluded = _ids()


class NewBulkMembersSerializer(BulkMembersSerializer):
    roles = serializers.ListField(
        child=serializers.CharField(max_length=2),
        required=False,
        max_length=1,
        help_text="One role for all of them: MA, RE or AN. Without it new members are annotators.",
    )

    def validate_roles(self, sent: list[str]) -> list[str]:
        if unknown := set(sent) - set(PROJECT_ROLES):
            raise serializers.ValidationError(
                _("There is no role %(role)r. Roles are MA, RE and AN.", role=unknown.pop())
            )
        return sent

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        # The SDK sends `[{"role": "RE"}]`.
        roles = data.get("roles") if isinstance(data, dict) else None
        if isinstance(roles, list):
            data = {**data, "roles": [one.get("role") if isinstance(one, dict) else one for one in roles]}
        return super().to_internal_value(data)


class BulkMembers(APIView):
    @extend_schema(
        operation_id="projects_members_bulk_add",
        request=NewBulkMembersSerializer,
        responses={200: inline_serializer("AddedMembers", {"created": serializers.IntegerField()})},
    )
    def post(self, request, pk: int):
        """Add people you know of, or give these members a role (managers)."""
        project = project_for(request, "manage_members", pk)
        body = sent(NewBulkMembersSerializer, request)
        people = _chosen(visible_people(user_of(request)), body)
        role = (body.get("roles") or [None])[0]
        return Response({"created": members.set_many(project, people, role, actor=request.user)})

    @extend_schema(
        operation_id="projects_members_bulk_remove",
        request=BulkMembersSerializer,
        parameters=[
            OpenApiParameter("all", bool, description="Everybody, but `excluded`. Also in the body."),
            OpenApiParameter("included", str, description="Ids, comma-separated. Also in the body."),
            OpenApiParameter("excluded", str, description="Ids, comma-separated. Also in the body."),
        ],
        responses={200: inline_serializer("RemovedMembers", {"deleted": serializers.IntegerField()})},
    )
    def delete(self, request, pk: int):
        """Remove these members (managers), but never yourself. Work and verdicts stay under their name."""
        project = project_for(request, "manage_members", pk)
        wanted = BulkMembersSerializer(data=_from_query(request) or request.data)
        wanted.is_valid(raise_exception=True)
        of_project = User.objects.filter(memberships__project=project).exclude(pk=request.user.pk)
        chosen = _chosen(of_project, wanted.validated_data)
        return Response({"deleted": members.remove_many(project, chosen, actor=request.user)})


def _from_query(request) -> dict[str, Any]:
    query = request.query_params
    found = {name: query[name].split(",") for name in ("included", "excluded") if query.get(name)}
    return found | ({"all": query["all"]} if "all" in query else {})


def _chosen(people: Any, body: dict[str, Any]) -> list[User]:
    if not body["all"] and not body.get("included"):
        raise Refused("nobody_named", _("Name people: included: [ids], or all: true."), field="included")
    rows = people.exclude(pk__in=body.get("excluded", []))
    if not body["all"]:
        rows = rows.filter(pk__in=body["included"])
    found = list(rows.order_by("pk")[: MOST + 1])
    if len(found) > MOST:
        raise Refused("too_many_people", _("At most %(most)s people at once.", most=MOST), field="all")
    return found


class MembersTable(APIView):
    @extend_schema(
        operation_id="projects_members_export",
        parameters=[FILE_NAME],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request, pk: int):
        """All members as CSV (managers)."""
        project = project_for(request, "manage_members", pk)
        return csv_answer(f"project-{project.pk}-members.csv", COLUMNS, _rows(project, user_of(request)))


def _rows(project: Project, reader: User) -> list[list[Any]]:
    rows = list(project.memberships.select_related("user").order_by("user_id")[:10_000])
    without_activity([row.user for row in rows], reader)
    return [
        [
            row.user.pk,
            *(row.user.email, row.user.first_name, row.user.last_name),
            row.role,
            row.paused,
            wire_time(row.created_at),
            wire_time_or_none(row.user.last_activity),
        ]
        for row in rows
    ]
