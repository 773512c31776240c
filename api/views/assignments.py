"""Tasks given to people by hand."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews.task_table.filters import Reader
from reviews.task_table.query import parse_query
from tasks.choices import AssignmentType
from tasks.errors import Refused
from tasks.models import Project, Task
from tasks.pseudonyms import identities_in
from tasks.services import assignments
from users.models import User

from ..serializers.assignments import (
    ASSIGNED,
    MANY,
    AssigneesSerializer,
    AssignmentSerializer,
    BulkAssigneesSerializer,
)
from .base import project_for, sent, visible


class BulkAssignees(APIView):
    @extend_schema(
        operation_id="projects_tasks_assignees_bulk",
        request=BulkAssigneesSerializer,
        responses={201: ASSIGNED},
    )
    def post(self, request, pk: int):
        """Give a selection of tasks to people (managers). Who has a task already keeps it."""
        project = project_for(request, "manage_project", pk)
        body = sent(BulkAssigneesSerializer, request)
        chosen = _chosen(project, body, request.user)
        people = _members(project, body["users"])
        assignments.assign(chosen, people, body["type"])
        answer = {
            "assignments": len(chosen) * len(people),
            "async": False,
            "task_ids": [task.pk for task in chosen],
        }
        return Response(answer, status=status.HTTP_201_CREATED)


class TaskAssignees(APIView):
    """Of one task."""

    @extend_schema(operation_id="projects_tasks_assignees_list", responses=AssignmentSerializer(many=True))
    def get(self, request, pk: int, task_pk: int):
        """Whom the task was given to."""
        project_for(request, "view_all_annotations", pk)
        identities = identities_in(pk, request.user)
        rows = _bodies(self._task(request, pk, task_pk))
        return Response([row | {"assignee": identities.mask_id(row["assignee"])} for row in rows])

    @extend_schema(
        operation_id="projects_tasks_assignees_add",
        request=AssigneesSerializer,
        responses={201: AssignmentSerializer},
    )
    def post(self, request, pk: int, task_pk: int):
        """Give the task to people (managers). The answer is the first assignment, with all of them in `assignments`."""
        return self._assigned(request, pk, task_pk, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="projects_tasks_assignees_replace",
        request=AssigneesSerializer,
        responses={200: AssignmentSerializer},
    )
    def patch(self, request, pk: int, task_pk: int):
        """Give the task to these people, and take it from everybody else who had it as `type`."""
        return self._assigned(request, pk, task_pk, status.HTTP_200_OK, replace=True)

    def _assigned(self, request, pk: int, task_pk: int, code: int, *, replace: bool = False) -> Response:
        project, body = project_for(request, "manage_project", pk), sent(AssigneesSerializer, request)
        task, people = self._task(request, pk, task_pk), _members(project, body["users"])
        if replace:
            assignments.unassign([task], kind=body["type"], keep=people)
        assignments.assign([task], people, body["type"])
        rows = [row for row in _bodies(task) if row["type"] == body["type"]]
        first = next(
            (row for row in rows if row["assignee"] in body["users"]), {"task": task.pk, "assignee": None}
        )
        return Response(first | {"assignments": rows}, status=code)

    @extend_schema(
        operation_id="projects_tasks_assignees_remove",
        request=AssigneesSerializer,
        parameters=[
            OpenApiParameter(
                "type", str, enum=AssignmentType.values, description="Only these; also in the body."
            ),
            OpenApiParameter(
                "users", str, description="Only these people, comma-separated; also in the body."
            ),
        ],
        responses={204: OpenApiResponse(description="Taken from them.")},
    )
    def delete(self, request, pk: int, task_pk: int):
        """Take the task from people (managers): from these, or from all."""
        project_for(request, "manage_project", pk)
        body = AssigneesSerializer(data=_asked(request), partial=True)
        body.is_valid(raise_exception=True)
        task = self._task(request, pk, task_pk)
        assignments.unassign(
            [task], kind=body.validated_data.get("type"), users=body.validated_data.get("users")
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _task(self, request, pk: int, task_pk: int) -> Task:
        return visible(Task.objects.filter(project=pk), request, task_pk)


def _asked(request) -> dict[str, Any]:
    """From the body or from the query."""
    query = request.query_params
    asked = {"type": query.get("type"), "users": [u for u in query.get("users", "").split(",") if u] or None}
    body = request.data if isinstance(request.data, dict) else {}
    return {name: body.get(name, value) for name, value in asked.items() if body.get(name, value) is not None}


def _bodies(task: Task) -> list[dict[str, Any]]:
    return [dict(row) for row in AssignmentSerializer(task.assignments.all(), many=True).data]


def _chosen(project: Project, body: dict[str, Any], user: Any) -> list[Task]:
    """What the data manager would show of the project for these filters, and of that what is selected."""
    query = parse_query(
        {"filters": body.get("filters"), "selectedItems": body["selectedItems"]}, Reader(user, project)
    )
    if not body["selectedItems"]["all"] and not body["selectedItems"].get("included"):
        return []
    chosen = list(query.apply(Task.objects.filter(project=project, deleted_at=None))[: MANY + 1])
    if len(chosen) > MANY:
        raise Refused(
            "selection_too_large", f"At most {MANY} tasks at once. Name them in parts.", field="selectedItems"
        )
    return chosen


def _members(project: Project, ids: Sequence[int]) -> list[User]:
    people = list(User.objects.people().filter(pk__in=ids, memberships__project=project))
    if strangers := sorted(set(ids) - {person.pk for person in people}):
        raise Refused(
            "no_member",
            f"No active member of this project: {', '.join(map(str, strangers))}. Add them first.",
            field="users",
        )
    return people
