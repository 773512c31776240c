"""The data manager's endpoints."""

from typing import Any

from django.conf import settings
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.errors import Refused
from tasks.models import Project, Task, View
from tasks.roles import may
from tasks.services import stream
from tasks.services import views as tabs
from tasks.sql import bounded_reads
from tasks.totals import totals_of

from ..serializers.projects import ProjectSerializer
from ..views.base import ViewSet, require, sent, visible
from ..views.tasks import TaskViewSet
from . import asked, columns, selection
from .actions import ACTIONS, Action, Job
from .rows import NextTaskSerializer
from .serializers import (
    ColumnsSerializer,
    HistoryItemSerializer,
    ListedActionSerializer,
    NewViewSerializer,
    PerformedSerializer,
    PerformSerializer,
    SelectionSerializer,
    ViewOrderSerializer,
    ViewSerializer,
)

PROJECT = OpenApiParameter("project", int, required=True)
VIEW = OpenApiParameter("view", int, description="A saved view: its filters, order and selection.")
ACTION = OpenApiParameter("id", str, required=True, enum=["next_task", *ACTIONS])
NEXT_TASK = "next_task"


class ColumnsView(APIView):
    @extend_schema(parameters=[PROJECT], responses=ColumnsSerializer)
    def get(self, request):
        """The columns of the table, those that are open to you."""
        return Response(columns.body(request.user, asked.project_of(request)))


class ProjectStateView(APIView):
    @extend_schema(parameters=[PROJECT], responses=ProjectSerializer)
    def get(self, request):
        """The project with what the table wants to know of it."""
        project = asked.project_of(request)
        totals = totals_of([project.pk])[project.pk]
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


class ViewViewSet(ViewSet):
    """Saved tabs. Every member sees them; reviewers and managers change any, an annotator their own."""

    queryset = View.objects.select_related("project").order_by("order", "id")
    serializer_class = ViewSerializer
    filter_backends: list = []
    pagination_class = None

    @extend_schema(parameters=[OpenApiParameter("project", int)], responses=ViewSerializer(many=True))
    def list(self, request):
        """The tabs of a project, in order. Asked for the first time, a project gets `Default` and `Rejected`."""
        found = self.get_queryset()
        if asked.whole(request, "project") is not None:
            project = asked.project_of(request)
            tabs.ensure_defaults(project)
            found = found.filter(project=project)
        return Response(self.get_serializer(found[:10_000], many=True).data)

    @extend_schema(request=NewViewSerializer, responses={201: ViewSerializer})
    def create(self, request):
        project = asked.project_of(request)
        body = self._sent(project)
        view = tabs.create(project, actor=request.user, **body)
        return Response(self.get_serializer(view).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=ViewSerializer)
    def retrieve(self, request, pk=None):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=ViewSerializer, responses=ViewSerializer)
    def partial_update(self, request, pk=None):
        """Change a tab. `data` is replaced as a whole; filters that cannot be read are 400."""
        view = self._mine()
        return Response(self.get_serializer(tabs.change(view, self._sent(view.project))).data)

    @extend_schema(request=ViewSerializer, responses=ViewSerializer)
    def update(self, request, pk=None):
        return self.partial_update(request, pk)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted.")})
    def destroy(self, request, pk=None):
        self._mine().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ViewOrderSerializer, responses={200: OpenApiResponse(description="In this order now.")})
    @action(detail=False, methods=["post"])
    def order(self, request):
        """Put the tabs of a project in this order."""
        body = sent(ViewOrderSerializer, request)
        project = visible(Project.objects, request, body["project"])
        require(request, "view_all_annotations", project)
        tabs.arrange(project, body["ids"])
        return Response(status=status.HTTP_200_OK)

    @extend_schema(parameters=[PROJECT], responses={204: OpenApiResponse(description="All tabs of the project are gone.")})
    @action(detail=False, methods=["delete"])
    def reset(self, request):
        """Delete all tabs of a project (managers)."""
        project = asked.project_of(request)
        require(request, "manage_project", project)
        tabs.reset(project)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(methods=["get"], responses=SelectionSerializer)
    @extend_schema(methods=["post"], request=SelectionSerializer, responses={201: SelectionSerializer})
    @extend_schema(methods=["patch"], request=SelectionSerializer, responses=SelectionSerializer)
    @extend_schema(methods=["delete"], responses={204: OpenApiResponse(description="These are no longer selected.")})
    @action(detail=True, methods=["get", "post", "patch", "delete"], url_path="selected-items")
    def selected_items(self, request, pk=None):
        """The selection kept with a tab: POST replaces it, PATCH adds to it, DELETE takes out of it (without ids, all)."""
        if request.method == "GET":
            return Response(self.get_object().selected_items or selection.Selection(all=False).body())
        view = self._mine()
        kept = selection.read(view.selected_items or {"all": False})
        named = selection.read(request.data or {"all": kept.all})
        combined = {"POST": lambda: named, "PATCH": lambda: kept.plus(named), "DELETE": lambda: _without(kept, named)}
        body = combined[request.method]().body()
        tabs.change(view, {"selected_items": body})
        answers = {"POST": status.HTTP_201_CREATED, "PATCH": status.HTTP_200_OK, "DELETE": status.HTTP_204_NO_CONTENT}
        return Response(None if request.method == "DELETE" else body, status=answers[request.method])

    def _mine(self) -> View:
        view = self.get_object()
        if view.created_by_id != self.request.user.pk:
            require(self.request, "view_all_annotations", view.project)
        return view

    def _sent(self, project: Project) -> dict[str, Any]:
        body = dict(self.request.data.items())
        named = body | {"selected_items": body["selectedItems"]} if "selectedItems" in body else body
        reader = ViewSerializer(data=named, partial=True, context={"request": self.request, "project": project})
        reader.is_valid(raise_exception=True)
        return reader.validated_data


def _without(kept: selection.Selection, named: selection.Selection) -> selection.Selection:
    return kept.minus(named) if named.ids else selection.Selection(all=False)


class ActionsView(APIView):
    @extend_schema(parameters=[PROJECT], responses=ListedActionSerializer(many=True))
    def get(self, request):
        """What you may do to a selection of this project's tasks."""
        project = asked.project_of(request)
        offered = {name: one for name, one in ACTIONS.items() if may(request.user, one.capability, project)}
        return Response([one.listed(name, project) for name, one in offered.items()])

    @extend_schema(parameters=[ACTION, PROJECT, VIEW], request=PerformSerializer, responses=PerformedSerializer)
    def post(self, request):
        """Do it. What the workflow refuses of a selection is counted under `refused`, the rest is done.

        `next_task` answers with a task to label, or 404 when nothing is left.
        """
        name = request.query_params.get("id")
        if not name:
            raise Refused("action_required", "Name the action: ?id=<action>.", status=422)
        project = asked.project_of(request)
        if name == NEXT_TASK:
            return next_task(request, project, asked.selected(request, project).narrow(_tasks(request, project)))
        return Response(self._perform(_known(name), project))

    def _perform(self, wanted: Action, project: Project) -> dict[str, Any]:
        require(self.request, wanted.capability, project)
        rows = self._selected(project)
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            ids = list(rows.order_by("pk").values_list("pk", flat=True))
        body = dict(self.request.data.items())
        return wanted.perform(Job(project, ids, self.request.user, body))

    def _selected(self, project: Project):
        """Nothing said at all is no selection: it would be every task of the project."""
        query = asked.selected(self.request, project)
        if query.selection is None and query.keeps_everything:
            raise Refused(
                "nothing_selected",
                'Say which tasks: selectedItems {"all": true, "excluded": []} or {"all": false, "included": [ids]}, or filters.',
                field="selectedItems",
            )
        if query.selection and not query.selection.all and not query.selection.ids:
            return Task.objects.none()
        return query.narrow(_tasks(self.request, project))


class ActionFormView(APIView):
    @extend_schema(parameters=[PROJECT], responses={200: {"type": "array", "items": {"type": "object"}}})
    def get(self, request, action_id):
        """The fields of an action's dialog."""
        return Response(_known(action_id).form(asked.project_of(request)))


def _known(name: str) -> Action:
    if name not in ACTIONS:
        raise Refused(
            "unknown_action", f"There is no action {name!r}. Actions are: {', '.join([NEXT_TASK, *ACTIONS])}.", field="id"
        )
    return ACTIONS[name]


def _tasks(request: Request, project: Project):
    return Task.objects.visible_to(request.user).filter(project=project).order_by("id")


def next_task(request: Request, project: Project, tasks: Any) -> Response:
    with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
        drawn = stream.draw(project, tasks, request.user)
    if drawn is None:
        raise NotFound("There is nothing left for you to label here.", code="nothing_left")
    page = TaskViewSet(request=request, format_kwarg=None)
    task = get_object_or_404(page.readable(page.get_queryset(), own_work=True), pk=drawn.task_id)
    return Response(NextTaskSerializer(task, context={"request": request, "drawn": drawn}).data)


class NextTaskView(APIView):
    @extend_schema(responses=NextTaskSerializer)
    def get(self, request, pk):
        """A task to label: your returned work first. 404 when nothing is left."""
        project = visible(Project.objects, request, pk)
        return next_task(request, project, _tasks(request, project))


class StreamHistoryView(APIView):
    @extend_schema(responses=HistoryItemSerializer(many=True))
    def get(self, request, pk):
        """What you last worked on in this project, oldest first."""
        return Response(stream.history(visible(Project.objects, request, pk), request.user))
