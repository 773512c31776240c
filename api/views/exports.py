"""Give a project's tasks back, as Label Studio's JSON or as a table."""

from functools import partial

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews.disputes import is_hidden_from
from tasks.errors import Refused
from tasks.models import Project

from ..exporting import final
from ..exporting.bodies import iso
from ..exporting.formats import FORMATS
from ..exporting.selection import Selection
from ..exporting.stream import export
from .base import require, visible

YES = ("true", "1", "yes")


class FormatSerializer(serializers.Serializer):
    title = serializers.CharField()
    description = serializers.CharField()
    link = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    name = serializers.CharField()
    disabled = serializers.BooleanField()


class FormatsView(APIView):
    @extend_schema(operation_id="projects_export_formats", responses=FormatSerializer(many=True))
    def get(self, request, pk: int):
        """The formats that `exportType` may name."""
        require(request, "export", visible(Project.objects, request, pk))
        return Response([_described(name) for name in FORMATS])


def _described(name: str) -> dict:
    about = {"title": name, "description": FORMATS[name].description, "link": "", "tags": ["all"]}
    return about | {"name": name, "disabled": False}


# Named by the rules, not built yet: a filter that is silently ignored would give away more than was asked for.
NOT_YET = ("reviewed", "verdict", "changed_since")


def _refuse_unbuilt(request) -> None:
    for name in NOT_YET:
        if name in request.query_params:
            raise Refused("not_supported", f"The export cannot be narrowed by {name} yet. Leave it out.", field=name)


class ExportView(APIView):
    @extend_schema(
        operation_id="projects_export",
        parameters=[
            OpenApiParameter("exportType", str, enum=list(FORMATS), description="Also as `export_type`."),
            OpenApiParameter("download_all_tasks", bool, description="Also tasks without annotations."),
            OpenApiParameter(
                "only", str, enum=["final"], description="Tasks that have an answer, each with that one annotation."
            ),
            OpenApiParameter("ids", str, description="Only these tasks: comma-separated, or repeated (also as `ids[]`)."),
        ],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "text/tab-separated-values"): OpenApiTypes.STR,
        },
    )
    def get(self, request, pk: int):
        """All tasks with their annotations, predictions and reviews, of one moment (header X-Snapshot-At)."""
        project = visible(Project.objects, request, pk)
        require(request, "export", project)
        _refuse_unbuilt(request)
        format = FORMATS[format_asked(request.query_params)]
        selection = _selection(request.query_params, request.user)
        moment, chunks = export(project, selection, format)
        response = StreamingHttpResponse(chunks, content_type=format.content_type)
        name = f"project-{project.pk}-at-{moment:%Y-%m-%d-%H-%M}.{format.extension}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Snapshot-At"] = iso(moment)
        for header, words in final.headers(project, selection).items():
            response[header] = words
        return response


def format_asked(query) -> str:
    asked = query.get("exportType") or query.get("export_type") or "JSON"
    if asked not in FORMATS:
        raise Refused(
            "unknown_format", f"There is no export as {asked[:40]}. There is: {', '.join(FORMATS)}.", field="exportType"
        )
    return asked


def _selection(query, reader) -> Selection:
    named = [
        part.strip() for key in ("ids", "ids[]") for value in query.getlist(key) for part in value.split(",") if part.strip()
    ]
    if wrong := next((part for part in named if not part.isdigit() or len(part) > 18), None):
        raise Refused("invalid_ids", f"{wrong[:40]!r} is no task id.", field="ids")
    everything = query.get("download_all_tasks", "").lower() in YES
    selection = Selection(
        ids=[int(part) for part in named] or None,
        without_annotations=everything,
        hides=partial(is_hidden_from, reader),
    )
    return final.narrowed(selection) if final.is_asked(query) else selection
