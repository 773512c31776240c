"""Exports a project's tasks, as Label Studio's JSON or as a table."""

from dataclasses import replace
from functools import partial
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from exchange.exporting import final_answers, packages
from exchange.exporting.bodies import iso
from exchange.exporting.formats import FORMATS
from exchange.exporting.selection import Selection
from exchange.exporting.stream import export, oldest_open_work
from reviews.disputes import is_hidden_from
from tasks.models import Project
from tasks.pseudonyms import identities_in

from ..filters.export import PARAMETERS, requested_selection, written_at_once
from ..openapi.headers import FILE_NAME, answered
from .base import project_for
from .known_parameters import APIView

ARRAY_OF_TASKS = {"type": "array", "items": {"type": "object", "additionalProperties": {}}}
FILES: dict[tuple[int, str], Any] = {
    (200, kind): ARRAY_OF_TASKS if kind == "application/json" else OpenApiTypes.BINARY
    for kind in dict.fromkeys(format.media_type for format in FORMATS.values())
}
HEADERS = [
    FILE_NAME,
    answered("X-Snapshot-At", "The instant that the export shows."),
    answered("X-Next-Changed-Since", "The `changed_since` of the next export."),
    answered("X-Tasks-Included", "With `only=final`: how many tasks have an answer."),
    answered("X-Tasks-Left-Out", "With `only=final`: how many have none, by reason."),
]


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
        """The formats of exports. Those tagged `training` are made of a saved export, by a job.

        `disabled`: not for this label configuration, or not installed; the description says which.
        """
        project = project_for(request, "export", pk)
        trained = [_described(name, project) for name in packages.names()]
        return Response([_body(name, one.description, "all") for name, one in FORMATS.items()] + trained)


def _described(name: str, project: Project) -> dict:
    missing = packages.unavailable(name, project)
    description = f"{packages.description(name)} {missing}".strip()
    return _body(name, description, "training", disabled=bool(missing))


def _body(name: str, description: str, tag: str, *, disabled: bool = False) -> dict:
    about = {"title": name, "description": description, "link": "", "tags": [tag]}
    return about | {"name": name, "disabled": disabled}


class ExportView(APIView):
    @extend_schema(
        operation_id="projects_export",
        parameters=[*PARAMETERS, *HEADERS],
        responses=FILES,
    )
    def get(self, request, pk: int):
        """Tasks with their annotations, predictions and reviews, as of one instant (header X-Snapshot-At)."""
        project = project_for(request, "export", pk)
        format = written_at_once(request.query_params)
        selection = _selection(request, project)
        open_since = oldest_open_work()
        instant, chunks = export(project, selection, format)
        response = StreamingHttpResponse(chunks, content_type=format.content_type)
        name = f"project-{project.pk}-at-{instant:%Y-%m-%d-%H-%M}.{format.extension}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Snapshot-At"] = str(iso(instant))
        response["X-Next-Changed-Since"] = str(iso(open_since))
        for header, value in final_answers.headers(project, selection).items():
            response[header] = value
        return response


def _selection(request, project: Project) -> Selection:
    requested = replace(
        requested_selection(request.query_params),
        identities=identities_in(project.pk, request.user),
        hides=partial(is_hidden_from, request.user),
    )
    return (
        final_answers.only_answers(requested)
        if final_answers.is_requested(request.query_params)
        else requested
    )
