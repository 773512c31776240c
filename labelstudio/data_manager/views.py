"""The endpoints of the task table: its columns, the project's state, and actions on a selection."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from api.filters import task_table
from api.openapi.errors import ErrorSerializer
from api.serializers.projects import ProjectSerializer
from api.serializers.task_rows import NextTaskSerializer
from api.views.base import require, user_of
from api.views.known_parameters import APIView
from reviews.task_table.columns import columns_body
from tasks.errors import Refused
from tasks.models import Project, Task
from tasks.own_work import totals_for
from tasks.roles import may
from tasks.sql import bounded_reads
from users.sentences import sentence as _

from . import action_base, parts
from .action_base import Action, Call
from .actions import ACTIONS, OTHER_NAMES
from .label_stream import next_task, tasks_of
from .reviewing import ReviewAction
from .serializers import (
    DataManagerColumnsSerializer,
    ListedActionSerializer,
    PerformedSerializer,
    PerformSerializer,
)

PROJECT = OpenApiParameter("project", int, required=True)
VIEW = OpenApiParameter("view", int, description="A saved view: its filters, order and selection.")
QUERY = OpenApiParameter(
    "query", str, description="JSON: {filters, ordering, selectedItems}, instead of the same in the body."
)
ACTION = OpenApiParameter("id", str, required=True, enum=["next_task", *ACTIONS])
NEXT_TASK = "next_task"


class ColumnsView(APIView):
    @extend_schema(parameters=[PROJECT], responses=DataManagerColumnsSerializer)
    def get(self, request):
        """The columns of the table that you may see."""
        return Response(columns_body(request.user, task_table.project_of(request)))


class ProjectStateSerializer(ProjectSerializer):
    """A project for the table, for OpenAPI."""

    can_delete_tasks = serializers.BooleanField()
    can_manage_annotations = serializers.BooleanField()
    can_manage_tasks = serializers.BooleanField()
    source_syncing = serializers.BooleanField()
    target_syncing = serializers.BooleanField()
    task_count = serializers.IntegerField()
    annotation_count = serializers.IntegerField()

    class Meta(ProjectSerializer.Meta):
        fields = [
            *ProjectSerializer.Meta.fields,
            "can_delete_tasks",
            "can_manage_annotations",
            "can_manage_tasks",
            "source_syncing",
            "target_syncing",
            "task_count",
            "annotation_count",
        ]


class ProjectStateView(APIView):
    @extend_schema(parameters=[PROJECT], responses=ProjectStateSerializer)
    def get(self, request):
        """The project, and what the caller may do in the table."""
        project = task_table.project_of(request)
        totals = totals_for(request.user, [project])[project.pk]
        manages = may(request.user, "manage_project", project)
        body = ProjectSerializer(project, context={"request": request}).data | {
            "can_delete_tasks": manages,
            "can_manage_annotations": may(request.user, "annotate", project),
            "can_manage_tasks": manages,
            "source_syncing": False,
            "target_syncing": False,
            "task_count": totals["tasks"],
            "annotation_count": totals["annotations"],
        }
        return Response(body)


class ActionsView(APIView):
    @extend_schema(parameters=[PROJECT], responses=ListedActionSerializer(many=True))
    def get(self, request):
        """What you may do to a selection of this project's tasks."""
        project = task_table.project_of(request)
        offered = {name: one for name, one in ACTIONS.items() if may(request.user, one.capability, project)}
        return Response([one.as_body(name, project) for name, one in offered.items()])

    @extend_schema(
        parameters=[ACTION, PROJECT, VIEW, QUERY],
        request=PerformSerializer,
        responses={
            200: PolymorphicProxySerializer(
                component_name="PerformedOrNextTask",
                serializers=[PerformedSerializer, NextTaskSerializer],
                resource_type_field_name=None,
            ),
            202: PerformedSerializer,
            422: ErrorSerializer,
        },
    )
    def post(self, request):
        """Perform an action. What the workflow refuses is counted under `refused`, the rest is done.

        `next_task` answers with a task to label, or 404 if there is none.
        """
        name = request.query_params.get("id")
        if not name:
            raise Refused("action_required", _("Name the action: ?id=<action>."), status=422)
        name = OTHER_NAMES.get(name, name)
        project = task_table.project_of(request)
        if name == NEXT_TASK:
            return next_task(
                request, project, task_table.selected(request, project).apply(tasks_of(request, project))
            )
        answer = self._perform(name, _known(name), project)
        return Response(answer, status=202 if answer.get("async") else 200)

    def _perform(self, name: str, action: Action, project: Project) -> dict[str, Any]:
        require(self.request, action.capability, project)
        call = _call(self.request, project)
        _refuse_other_count(call)
        if call.body.get("dry_run") and not isinstance(action, ReviewAction):
            raise Refused(
                "no_dry_run",
                _("Only actions on reviews can say beforehand what they would do."),
                field="dry_run",
            )
        if action.by_parts and len(call.task_ids) > action_base.CHUNK:
            return parts.start(name, action, call)
        return action.perform(call)


FORM = {"type": "array", "items": {"type": "object"}}


class ActionFormView(APIView):
    @extend_schema(parameters=[PROJECT], responses={200: FORM})
    def get(self, request, action_id):
        """The fields of an action's dialog."""
        action, project = _known(action_id), task_table.project_of(request)
        require(request, action.capability, project)
        return Response(action.form_for(Call(project, [], user_of(request), {})))

    @extend_schema(parameters=[PROJECT, VIEW, QUERY], request=PerformSerializer, responses={200: FORM})
    def post(self, request, action_id):
        """The same for a selection: its last field says what a review action would do. Changes nothing."""
        action, project = _known(action_id), task_table.project_of(request)
        require(request, action.capability, project)
        return Response(action.form_for(_call(request, project)))


def _call(request, project: Project) -> Call:
    rows = _selected(request, project)
    with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
        # Before anything changes: an action may change what the filters find.
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return Call(project, ids, user_of(request), task_table.body(request))


def _selected(request, project: Project):
    # A request without selection and filters would mean every task of the project, so it is refused.
    query = task_table.selected(request, project)
    if query.selection is None and query.is_unrestricted:
        raise Refused(
            "nothing_selected",
            _(
                'Say which tasks: selectedItems {"all": true, "excluded": []},'
                ' {"all": false, "included": [ids]}, or filters.'
            ),
            field="selectedItems",
        )
    if query.selects_nothing:
        return Task.objects.none()
    return query.apply(tasks_of(request, project))


def _refuse_other_count(call: Call) -> None:
    expected = call.body.get("expected_count")
    if expected is not None and str(expected) != str(len(call.task_ids)):
        raise Refused(
            "selection_changed",
            _("The selection has %(task_ids)s tasks now. Look again.", task_ids=len(call.task_ids)),
            field="expected_count",
        )


def _known(name: str) -> Action:
    name = OTHER_NAMES.get(name, name)
    if name == "retrieve_tasks_predictions":
        raise Refused(
            "no_ml_backend",
            _(
                "This site has no ML backends. "
                "Import predictions: POST /api/projects/{id}/import/predictions/."
            ),
            field="id",
        )
    if name not in ACTIONS:
        raise Refused(
            "unknown_action",
            _(
                "There is no action %(name)r. Actions are: %(actions)s.",
                name=name,
                actions=", ".join([NEXT_TASK, *ACTIONS]),
            ),
            field="id",
        )
    return ACTIONS[name]
