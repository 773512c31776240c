"""Bring a file or body of tasks into a project."""

import shutil
import tempfile
from contextlib import closing
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from tasks.errors import Refused
from tasks.media import ending_of
from tasks.models import Import, Project
from tasks.services.imports import take_back

from ..importing.duplicates import ON_DUPLICATE, SKIP
from ..importing.media import import_media, media_of
from ..importing.run import Outcome, import_file
from ..importing.source import invalid
from ..parsers import parse_json
from .base import require, visible

YES = ("true", "1", "yes")
IMPORTED = inline_serializer(
    "ImportedTasks",
    {
        "task_count": serializers.IntegerField(),
        "annotation_count": serializers.IntegerField(),
        "prediction_count": serializers.IntegerField(),
        "duration": serializers.FloatField(help_text="Seconds."),
        "file_upload_ids": serializers.ListField(child=serializers.IntegerField()),
        "could_be_tasks_list": serializers.BooleanField(),
        "found_formats": serializers.ListField(child=serializers.CharField()),
        "data_columns": serializers.ListField(child=serializers.CharField()),
        "task_ids": serializers.ListField(child=serializers.IntegerField(), required=False),
        "import": serializers.IntegerField(help_text="Take it back by DELETE /api/imports/{id}/."),
        "report": serializers.DictField(),
    },
)
QUERY = [
    OpenApiParameter("return_task_ids", bool, description="Answer with the ids of the new tasks."),
    OpenApiParameter(
        "on_duplicate", str, enum=ON_DUPLICATE, description="For tasks that are here already, by unique_id or external_id."
    ),
]


class ToDisk(BaseParser):
    """JSON of any size goes to a file unread; the import reads it from there."""

    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None) -> dict[str, Any]:
        file = tempfile.TemporaryFile()  # noqa: SIM115  (the view closes it)
        shutil.copyfileobj(stream, file)
        return {"file": file}


class ImportView(APIView):
    parser_classes = [ToDisk, MultiPartParser]

    @extend_schema(
        operation_id="projects_import",
        parameters=QUERY,
        request={
            "application/json": {"type": "array", "items": {"type": "object"}},
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}, "users": {"type": "string"}},
            },
        },
        responses={201: IMPORTED},
    )
    def post(self, request, pk: int):
        """Import tasks with their annotations, predictions and reviews (managers): all of them or none.

        A list of tasks, or `{"tasks": […], "users": {"4": "a@b.org"}}`; as multipart a `file` and optionally `users`.
        Pictures, sounds, films and texts as multipart: each becomes a task that names it.
        """
        project = visible(Project.objects, request, pk)
        require(request, "import", project)
        wants_ids = request.query_params.get("return_task_ids", "").lower() in YES
        if media := media_of([file for name, file in _sent_files(request) if name != "users"]):
            return Response(_labelled(project, media, request, wants_ids=wants_ids), status=status.HTTP_201_CREATED)
        with closing(_file(request)) as file:
            outcome = import_file(
                project,
                file,
                actor=request.user,
                users=_users(request),
                on_duplicate=request.query_params.get("on_duplicate", SKIP),
                name=(file.name or "") if isinstance(file, UploadedFile) else "",
            )
        return Response(_answer(outcome, wants_ids=wants_ids), status=status.HTTP_201_CREATED)


def _labelled(project: Project, media: list[UploadedFile], request, *, wants_ids: bool) -> dict[str, Any]:
    """Pictures, sounds and the like are kept, and become tasks that name them."""
    outcome, kept = import_media(project, media, actor=request.user)
    about = {"file_upload_ids": [upload.pk for upload in kept], "found_formats": sorted({ending_of(u.name) for u in kept})}
    return _answer(outcome, wants_ids=wants_ids) | about


def _sent_files(request) -> list[tuple[str, UploadedFile]]:
    """Every file of a multipart body, also where several are called the same."""
    return [(name, file) for name, files in request.FILES.lists() for file in files]


def _file(request) -> BinaryIO:
    """The body itself, or the only file of a multipart body, whatever its field is called."""
    if file := request.data.get("file"):
        return file
    files = [file for name, file in request.FILES.items() if name != "users"]
    if len(files) != 1:
        raise invalid("Send one file of tasks, as the field `file`, or the tasks as a JSON body.", field="file")
    return files[0]


def _users(request) -> Any:
    sent = request.data.get("users") if "multipart" in (request.content_type or "") else None
    if not sent:
        return None
    return parse_json(sent.read() if isinstance(sent, UploadedFile) else str(sent).encode())


def _answer(outcome: Outcome, *, wants_ids: bool) -> dict[str, Any]:
    report = outcome.report
    answer = {
        "task_count": report.tasks,
        "annotation_count": report.annotations,
        "prediction_count": report.predictions,
        "duration": round(outcome.seconds, 3),
        "file_upload_ids": [],
        "could_be_tasks_list": False,
        "found_formats": [".json"],
        "data_columns": list(report.columns),
        "import": outcome.record.pk,
        "report": report.as_dict(),
    }
    return answer | ({"task_ids": report.task_ids} if wants_ids else {})


class ImportedView(APIView):
    @extend_schema(
        operation_id="imports_take_back",
        parameters=[OpenApiParameter("force", bool, description="Also when others have worked on its tasks since.")],
        responses={204: OpenApiResponse(description="Its tasks are deleted; restorable for 30 days.")},
    )
    def delete(self, request, pk: int):
        """Take an import back: delete its tasks. Refused once other people's work is on them, unless forced."""
        record = (
            Import.objects.select_related("project").filter(pk=pk, project__in=Project.objects.visible_to(request.user)).first()
        )
        if record is None:
            raise Refused("not_found", "Not found.", status=404)
        require(request, "import", record.project)
        take_back(record, actor=request.user, force=request.query_params.get("force", "").lower() in YES)
        return Response(status=status.HTTP_204_NO_CONTENT)
