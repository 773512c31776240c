"""Saved tabs, which Label Studio calls views."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from api.filters import task_table
from api.views.base import ViewSet, project_for, require, sent
from reviews.task_table.selection import Selection, parse_selection
from tasks.models import Project, View
from tasks.services import tabs

from .serializers import NewViewSerializer, SelectionSerializer, ViewOrderSerializer, ViewSerializer

PROJECT = OpenApiParameter("project", int, required=True)


class ViewViewSet(ViewSet):
    """Every member sees the tabs of a project. Reviewers and managers change any, annotators their own."""

    queryset = View.objects.select_related("project").order_by("order", "id")
    serializer_class = ViewSerializer
    pagination_class = None

    @extend_schema(parameters=[OpenApiParameter("project", int)], responses=ViewSerializer(many=True))
    def list(self, request):
        """The tabs of a project, in order. The first request creates `Default` and `Rejected`."""
        found = self.get_queryset()
        if task_table.id_named(request, "project") is not None:
            project = task_table.project_of(request)
            tabs.ensure_defaults(project)
            found = found.filter(project=project)
        return Response(self.get_serializer(found[:10_000], many=True).data)

    @extend_schema(request=NewViewSerializer, responses={201: ViewSerializer})
    def create(self, request):
        project = task_table.project_of(request)
        body = self._validated(project)
        view = tabs.create(project, actor=request.user, **body)
        return Response(self.get_serializer(view).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=ViewSerializer)
    def retrieve(self, request, pk=None):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=ViewSerializer, responses=ViewSerializer)
    def partial_update(self, request, pk=None):
        """Change a tab. `data` is replaced as a whole; invalid filters are 400."""
        view = self._writable()
        return Response(self.get_serializer(tabs.change(view, self._validated(view.project))).data)

    @extend_schema(request=ViewSerializer, responses=ViewSerializer)
    def update(self, request, pk=None):
        return self.partial_update(request, pk)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted.")})
    def destroy(self, request, pk=None):
        self._writable().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=ViewOrderSerializer,
        responses={200: OpenApiResponse(description="The tabs are in this order.")},
    )
    @action(detail=False, methods=["post"])
    def order(self, request):
        """Put the tabs of a project in this order."""
        body = sent(ViewOrderSerializer, request)
        project = project_for(request, "view_all_annotations", body["project"])
        tabs.arrange(project, body["ids"])
        return Response(status=status.HTTP_200_OK)

    @extend_schema(
        parameters=[PROJECT],
        responses={204: OpenApiResponse(description="All tabs of the project are deleted.")},
    )
    @action(detail=False, methods=["delete"])
    def reset(self, request):
        """Delete all tabs of a project (managers)."""
        project = task_table.project_of(request)
        require(request, "manage_project", project)
        tabs.reset(project)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(methods=["get"], responses=SelectionSerializer)
    @extend_schema(methods=["post"], request=SelectionSerializer, responses={201: SelectionSerializer})
    @extend_schema(methods=["patch"], request=SelectionSerializer, responses=SelectionSerializer)
    @extend_schema(methods=["delete"], responses={204: OpenApiResponse(description="No longer selected.")})
    @action(detail=True, methods=["get", "post", "patch", "delete"], url_path="selected-items")
    def selected_items(self, request, pk=None):
        """The selection saved with a tab.

        POST replaces it, PATCH adds to it, DELETE removes from it (or clears it).
        """
        if request.method == "GET":
            return Response(self.get_object().selected_items or Selection(all=False).as_body())
        view = tabs.change(self._writable(), self._with_selection)
        if request.method == "DELETE":
            return Response(status=status.HTTP_204_NO_CONTENT)
        code = status.HTTP_201_CREATED if request.method == "POST" else status.HTTP_200_OK
        return Response(view.selected_items, code)

    def _with_selection(self, view: View) -> dict[str, Any]:
        """What is saved with the tab, combined with what was sent."""
        saved = parse_selection(view.selected_items or {"all": False})
        sent_now = parse_selection(self.request.data or {"all": saved.all})
        if self.request.method == "PATCH":
            combined = saved.plus(sent_now)
        elif self.request.method == "DELETE":
            combined = saved.minus(sent_now) if sent_now.ids else Selection(all=False)
        else:
            combined = sent_now
        return {"selected_items": combined.as_body()}

    def _writable(self) -> View:
        view = self.get_object()
        if view.created_by_id != self.request.user.pk:
            require(self.request, "view_all_annotations", view.project)
        return view

    def _validated(self, project: Project) -> dict[str, Any]:
        body = task_table.body(self.request)
        # The web application sends the key in its own spelling.
        if "selectedItems" in body:
            body["selected_items"] = body["selectedItems"]
        context = {"request": self.request, "project": project}
        serializer = ViewSerializer(data=body, partial=True, context=context)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
