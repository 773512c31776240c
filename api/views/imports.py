"""Imports a file or body of tasks into a project."""

import shutil
import tempfile
from contextlib import closing
from typing import Any, BinaryIO

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from exchange.importing import long_imports
from exchange.importing.duplicates import ON_DUPLICATE, SKIP
from exchange.importing.importer import Outcome, TooLong, import_file
from exchange.importing.json_stream import invalid_import
from exchange.importing.media import import_media, media_of
from jobs.models import Job
from tasks.media import extension_of
from tasks.models import Project
from tasks.strict_json import parse_json

from .base import project_for

YES = ("true", "1", "yes")
IMPORTED = inline_serializer(
    "ImportedTasks",
    {
        "task_count": serializers.IntegerField(allow_null=True),
        "annotation_count": serializers.IntegerField(allow_null=True),
        "prediction_count": serializers.IntegerField(allow_null=True),
        "duration": serializers.FloatField(allow_null=True, help_text="Seconds."),
        "file_upload_ids": serializers.ListField(child=serializers.IntegerField()),
        "could_be_tasks_list": serializers.BooleanField(),
        "found_formats": serializers.ListField(child=serializers.CharField()),
        "data_columns": serializers.ListField(child=serializers.CharField()),
        "task_ids": serializers.ListField(child=serializers.IntegerField(), required=False, allow_null=True),
        "import": serializers.IntegerField(help_text="DELETE /api/imports/{id}/ removes it."),
        "report": serializers.DictField(allow_null=True),
        "job": inline_serializer(
            "StartedImport",
            {
                "id": serializers.IntegerField(),
                "status": serializers.CharField(),
                "url": serializers.CharField(),
            },
            allow_null=True,
            help_text="More than 20,000 tasks are imported by a job: the counts are null, poll `url`.",
        ),
    },
)
QUERY = [
    OpenApiParameter("return_task_ids", bool, description="Answer with the ids of the new tasks."),
    OpenApiParameter(
        "on_duplicate",
        str,
        enum=ON_DUPLICATE,
        description="What to do with tasks that exist already, by unique_id or external_id.",
    ),
]


class ToDisk(BaseParser):
    """Copies JSON of any size to a file without parsing it; the import reads it from there."""

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

        More than 20,000 tasks are imported by a job: poll `job.url`.
        Send a list of tasks, or `{"tasks": […], "users": {"4": "a@b.org"}}`, or as multipart a `file` and
        optionally `users`. Images, audio, video and texts as multipart become one task each.
        """
        project = project_for(request, "import", pk)
        if media := media_of([file for name, file in _sent_files(request) if name != "users"]):
            answer = _import_media(project, media, request)
        else:
            with closing(_file(request)) as file:
                answer = _import_tasks(project, file, request)
        wants_ids = request.query_params.get("return_task_ids", "").lower() in YES
        return Response(answer if wants_ids else _without_ids(answer), status=status.HTTP_201_CREATED)


def _import_tasks(project: Project, file: BinaryIO, request) -> dict[str, Any]:
    """A long file is imported by a job: then the counts are null, and `job` says where to poll."""
    options: dict[str, Any] = {
        "actor": request.user,
        "users": _users(request),
        "on_duplicate": request.query_params.get("on_duplicate", SKIP),
        "name": (file.name or "") if isinstance(file, UploadedFile) else "",
    }
    try:
        return _answer(import_file(project, file, at_most=long_imports.REQUEST_LIMIT, **options))
    except TooLong:
        return _queued(long_imports.start(project, file, **options))


def _import_media(project: Project, media: list[UploadedFile], request) -> dict[str, Any]:
    outcome, kept = import_media(project, media, actor=request.user)
    uploads = {
        "file_upload_ids": [upload.pk for upload in kept],
        "found_formats": sorted({extension_of(u.name) for u in kept}),
    }
    return _answer(outcome) | uploads


def _sent_files(request) -> list[tuple[str, UploadedFile]]:
    """Every file of a multipart body, also where several are called the same."""
    return [(name, file) for name, files in request.FILES.lists() for file in files]


def _file(request) -> BinaryIO:
    """The body itself, or the only file of a multipart body, whatever its field is called."""
    if file := request.data.get("file"):
        return file
    files = [file for name, file in request.FILES.items() if name != "users"]
    if len(files) != 1:
        raise invalid_import(
            "Send one file of tasks, as the field `file`, or the tasks as a JSON body.", field="file"
        )
    return files[0]


def _users(request) -> Any:
    sent = request.data.get("users") if "multipart" in (request.content_type or "") else None
    if not sent:
        return None
    return parse_json(sent.read() if isinstance(sent, UploadedFile) else str(sent).encode())


def _answer(outcome: Outcome) -> dict[str, Any]:
    report = outcome.report
    return {
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
        "job": None,
        "task_ids": report.task_ids,
    }


def _queued(job: Job) -> dict[str, Any]:
    unknown = ("task_count", "annotation_count", "prediction_count", "duration", "report", "task_ids")
    record_id = job.subject_id
    return dict.fromkeys(unknown) | {
        "file_upload_ids": [],
        "could_be_tasks_list": False,
        "found_formats": [".json"],
        "data_columns": [],
        "import": record_id,
        "job": {
            "id": job.pk,
            "status": long_imports.status_of(job),
            "url": f"/api/imports/{record_id}/",
        },
    }


def _without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "task_ids"}
