"""Saved exports: created once, then polled, downloaded and converted."""

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.response import Response

from exchange.exporting import snapshots
from exchange.models import Export, Status
from tasks.errors import Refused
from tasks.models import Project, View
from users.sentences import sentence as _

from ..filters.export import FORMAT, requested_format
from ..filters.lists import ExportOrder
from ..filters.parameters import boolean_parameter
from ..openapi.headers import FILE_NAME
from ..pagination import LongList
from ..serializers.exports import NO_KEY_FRAMES, ConvertSerializer, ExportSerializer, NewExportSerializer
from .base import ViewSet, project_for, require, sent
from .exports import FILES

ZIP = {(200, "application/zip"): OpenApiTypes.BINARY}
KEY_FRAMES = OpenApiParameter("interpolate_key_frames", bool, description="Only `false` is possible.")
GONE = {204: OpenApiResponse(description="Deleted, with its files.")}
CONVERTED = inline_serializer(
    "StartedConversion",
    {"export_type": serializers.CharField(), "converted_format": serializers.IntegerField()},
)


class ExportViewSet(ViewSet):
    """The saved exports of one project."""

    queryset = (
        Export.objects.select_related("created_by", "project")
        .prefetch_related("converted_formats")
        .order_by("-id")
    )
    serializer_class = ExportSerializer
    pagination_class = LongList
    filterset_class = ExportOrder

    @extend_schema(operation_id="projects_exports_list", responses=ExportSerializer(many=True))
    def list(self, request, project_pk=None):
        """The exports of the project, newest first."""
        project = project_for(request, "export", project_pk)
        return self.page_of(self.filter_queryset(self.get_queryset().filter(project=project)))

    @extend_schema(
        operation_id="projects_exports_create",
        parameters=[KEY_FRAMES],
        request=NewExportSerializer,
        responses={201: ExportSerializer},
    )
    def create(self, request, project_pk=None):
        """Save an export as of now. Up to 1,000 tasks it is completed at once; otherwise poll its status."""
        project = project_for(request, "export", project_pk)
        wanted = sent(NewExportSerializer, request)
        if boolean_parameter(request, "interpolate_key_frames"):
            raise Refused("not_supported", NO_KEY_FRAMES, field="interpolate_key_frames")
        _refuse_unknown_view(project, wanted.get("task_filter_options", {}).get("view"))
        export = snapshots.create(project, actor=request.user, **wanted)
        return Response(self._body(export.pk), status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="projects_exports_retrieve", responses=ExportSerializer)
    def retrieve(self, request, project_pk=None, pk=None):
        return Response(self.get_serializer(self._export(request, project_pk, pk)).data)

    @extend_schema(operation_id="projects_exports_destroy", responses=GONE)
    def destroy(self, request, project_pk=None, pk=None):
        """Its creator and managers may delete it."""
        export = self._export(request, project_pk, pk)
        if export.created_by_id != request.user.pk:
            require(request, "manage_project", export.project)
        snapshots.delete(export)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="projects_exports_convert", request=ConvertSerializer, responses={200: CONVERTED}
    )
    def convert(self, request, project_pk=None, pk=None):
        """Convert the export to another format. The status is in `converted_formats`."""
        export = self._completed(request, project_pk, pk)
        export_type = sent(ConvertSerializer, request)["export_type"]
        conversion = snapshots.create_conversion(export, export_type, actor=request.user)
        return Response({"export_type": export_type, "converted_format": conversion.pk})

    @extend_schema(
        operation_id="projects_exports_download",
        parameters=[*FORMAT, FILE_NAME],
        responses=FILES | ZIP,
    )
    def download(self, request, project_pk=None, pk=None):
        """The file: JSON, or a format it was converted to."""
        export = self._completed(request, project_pk, pk)
        asked = requested_format(request.query_params)
        path = snapshots.path_of(export, asked)
        if not path.exists():
            detail = _("This export has not been converted to %(asked)s. Convert it first.", asked=asked)
            raise Refused("not_converted", detail, status=404)
        at = f"{export.snapshot_at:%Y-%m-%d-%H-%M}"
        name = f"project-{export.project_id}-at-{at}-{export.pk}"
        extension, content_type = snapshots.file_type(asked)
        return FileResponse(
            path.open("rb"), as_attachment=True, filename=f"{name}.{extension}", content_type=content_type
        )

    def _export(self, request, project_pk: Any, pk: Any) -> Export:
        project_for(request, "export", project_pk)
        return get_object_or_404(self.get_queryset(), project=project_pk, pk=pk)

    def _completed(self, request, project_pk: Any, pk: Any) -> Export:
        export = self._export(request, project_pk, pk)
        if export.status != Status.COMPLETED:
            detail = _("This export is %(status)s. Try again later.", status=export.status.replace("_", " "))
            raise Refused("not_ready", detail, status=404)
        return export

    def _body(self, pk: int) -> Any:
        return self.get_serializer(self.get_queryset().get(pk=pk)).data


def _refuse_unknown_view(project: Project, view: int | None) -> None:
    if view and not View.objects.filter(pk=view, project=project).exists():
        raise Refused("unknown_view", _("This project has no view %(view)s.", view=view), field="view")
