"""Assigning tasks to people."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response

from reviews.task_table.filters import Reader
from reviews.task_table.query import parse_query
from tasks.choices import AssignmentType
from tasks.errors import Refused
from tasks.models import Project, Task
from tasks.pseudonyms import identities_in
from tasks.services import assignments, members
from users.models import User
from users.sentences import sentence as _

from ..serializers.assignments import (
    ASSIGNED,
    MAX_TASKS,
    AssignedSerializer,
    AssigneesSerializer,
    AssignmentSerializer,
    BulkAssigneesSerializer,
)
from .base import project_for, sent, visible
from .known_parameters import APIView


class BulkAssignees(APIView):
    @extend_schema(
        operation_id="projects_tasks_assignees_bulk",
        request=BulkAssigneesSerializer,
        responses={201: ASSIGNED},
    )
    def post(self, request, pk: int):
        """Assign a selection of tasks to people (managers), in addition to those who have them already."""
        project = project_for(request, "manage_project", pk)
        body = sent(BulkAssigneesSerializer, request)
        tasks = _selected_tasks(project, body, request.user)
        people = members.named(project, body["users"])
        assignments.assign(tasks, people, body["type"], actor=request.user)
        answer = {
            "assignments": len(tasks) * len(people),
            "async": False,
            "task_ids": [task.pk for task in tasks],
        }
        return Response(answer, status=status.HTTP_201_CREATED)


class TaskAssignees(APIView):
    """Of one task."""

    @extend_schema(operation_id="projects_tasks_assignees_list", responses=AssignmentSerializer(many=True))
    def get(self, request, pk: int, task_pk: int):
        """Whom the task is assigned to."""
        project_for(request, "view_all_annotations", pk)
        identities = identities_in(pk, request.user)
        rows = _bodies(self._task(request, pk, task_pk))
        return Response([row | {"assignee": identities.mask_id(row["assignee"])} for row in rows])

    @extend_schema(
        operation_id="projects_tasks_assignees_add",
        request=AssigneesSerializer,
        responses={201: AssignedSerializer},
    )
    def post(self, request, pk: int, task_pk: int):
        """Assign the task to people (managers).

        The answer is the first assignment, with all in `assignments`.
        """
        return self._assigned(request, pk, task_pk, status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="projects_tasks_assignees_replace",
        request=AssigneesSerializer,
        responses={200: AssignedSerializer},
    )
    def patch(self, request, pk: int, task_pk: int):
        """Assign the task to these people only: everybody else loses it as `type`."""
        return self._assigned(request, pk, task_pk, status.HTTP_200_OK, replace=True)

    def _assigned(self, request, pk: int, task_pk: int, code: int, *, replace: bool = False) -> Response:
        project, body = project_for(request, "manage_project", pk), sent(AssigneesSerializer, request)
        task, people = self._task(request, pk, task_pk), members.named(project, body["users"])
        write = assignments.replace if replace else assignments.assign
        write([task], people, body["type"], actor=request.user)
        rows = [row for row in _bodies(task) if row["type"] == body["type"]]
        # The SDK reads one assignment from the answer, although several people may be sent.
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
        responses={204: OpenApiResponse(description="Unassigned.")},
    )
    def delete(self, request, pk: int, task_pk: int):
        """Unassign these people, or everybody (managers)."""
        project_for(request, "manage_project", pk)
        body = AssigneesSerializer(data=_to_remove(request), partial=True)
        body.is_valid(raise_exception=True)
        task = self._task(request, pk, task_pk)
        assignments.unassign(
            [task],
            kind=body.validated_data.get("type"),
            users=body.validated_data.get("users"),
            actor=request.user,
        )
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _task(self, request, pk: int, task_pk: int) -> Task:
        return visible(Task.objects.filter(project=pk), request, task_pk)


def _to_remove(request) -> dict[str, Any]:
    """From the body, else from the query."""
    query, body = request.query_params, request.data if isinstance(request.data, dict) else {}
    users = [user for user in query.get("users", "").split(",") if user] or None
    found = {"type": body.get("type", query.get("type")), "users": body.get("users", users)}
    return {name: value for name, value in found.items() if value is not None}


def _bodies(task: Task) -> list[dict[str, Any]]:
    return [dict(row) for row in AssignmentSerializer(task.assignments.all(), many=True).data]


def _selected_tasks(project: Project, body: dict[str, Any], user: User) -> list[Task]:
    """The selected ones of the tasks that the data manager would show for these filters."""
    query = parse_query(
        {"filters": body.get("filters"), "selectedItems": body["selectedItems"]}, Reader(user, project)
    )
    if query.selects_nothing:
        return []
    tasks = list(query.apply(Task.objects.filter(project=project, deleted_at=None))[: MAX_TASKS + 1])
    if len(tasks) > MAX_TASKS:
        detail = _("At most %(max_tasks)s tasks at once. Assign them in parts.", max_tasks=MAX_TASKS)
        raise Refused("selection_too_large", detail, field="selectedItems")
    return tasks
