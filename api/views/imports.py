"""Imports files or a body of tasks into a project."""

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from difflib import get_close_matches
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from exchange.importing import long_imports
from exchange.importing.importer import Importing, Outcome, TooLong, import_files
from exchange.importing.media import import_media, media_of
from exchange.importing.options import BY_ID, ON_DUPLICATE, SKIP, ImportOptions
from exchange.importing.problems import invalid_import
from exchange.importing.sources import SourceFile
from jobs.models import Job
from tasks.media import extension_of
from tasks.models import Project
from tasks.strict_json import parse_json

from ..filters.parameters import parameters_of
from .base import project_for, user_of

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
        "import": serializers.IntegerField(
            allow_null=True, help_text="DELETE /api/imports/{id}/ removes it. Null for a dry run."
        ),
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


class ImportQuery(serializers.Serializer):
    return_task_ids = serializers.BooleanField(
        required=False, default=False, help_text="Answer with the ids of the new tasks."
    )
    on_duplicate = serializers.CharField(
        required=False,
        default=SKIP,
        help_text=f"What to do with tasks that exist already: one of {', '.join(ON_DUPLICATE)}.",
    )
    match_on = serializers.CharField(
        required=False,
        default=BY_ID,
        help_text="How tasks that exist already are recognised: by `id` (unique_id, external_id, or the unique_id"
        " of an annotation), or also by equal `data`.",
    )
    strict = serializers.BooleanField(
        required=False, default=False, help_text="Refuse what would be a warning in the report."
    )
    dry_run = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Check everything and answer with the report; import nothing.",
    )
    encoding = serializers.CharField(
        required=False, default="", help_text="Of files that are neither UTF-8 nor marked: `windows-1252`."
    )
    preannotated_from_fields = serializers.ListField(
        child=serializers.CharField(max_length=255),
        required=False,
        default=list,
        help_text="Keys of the data that become predictions. To be repeated, or separated by commas.",
    )


def _query(request: Request) -> dict[str, Any]:
    """Raises ValidationError for a parameter that would do nothing."""
    known = ImportQuery().fields
    for name in request.query_params:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            advice = f" Did you mean {near[0]}?" if near else f" Known are {', '.join(known)}."
            raise ValidationError({name: [ErrorDetail(f"Unknown parameter.{advice}", "unknown_parameter")]})
    return parameters_of(ImportQuery, request)


def _options(query: dict[str, Any]) -> ImportOptions:
    fields = [name for sent in query["preannotated_from_fields"] for name in sent.split(",") if name]
    names = ("on_duplicate", "match_on", "strict", "encoding")
    return ImportOptions(preannotated_from_fields=tuple(fields), **{name: query[name] for name in names})


class ToDisk(BaseParser):
    """Copies a body of any size and type to a file without parsing it; the import reads it from there."""

    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None) -> dict[str, Any]:
        file = tempfile.TemporaryFile()  # noqa: SIM115  (the view closes it)
        shutil.copyfileobj(stream, file)
        return {"file": file}


class ImportView(APIView):
    parser_classes = [MultiPartParser, ToDisk]

    @extend_schema(
        operation_id="projects_import",
        parameters=[ImportQuery],
        request={
            "application/json": {"type": "array", "items": {"type": "object"}},
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}, "users": {"type": "string"}},
            },
        },
        responses={200: IMPORTED, 201: IMPORTED},
    )
    def post(self, request, pk: int):
        """Import tasks with their annotations, predictions and reviews (managers): all of them or none.

        More than 20,000 tasks are imported by a job: poll `job.url`.
        Send JSON, JSON lines, CSV, TSV or text, or several files as multipart, also zipped; with them optionally
        `users`. Images, audio and video as multipart become one task each. If something is wrong, `errors` lists
        up to 100 problems by task and path.
        """
        project = project_for(request, "import", pk)
        query = _query(request)
        with ExitStack() as opened:
            files = _files(request, opened)
            if media := media_of(project, [file for file in files if isinstance(file, UploadedFile)]):
                answer = _import_media(project, media, request)
            else:
                answer = _import_tasks(project, _sources(files, request), request, query)
        if not query["return_task_ids"]:
            answer.pop("task_ids")
        return Response(answer, status=status.HTTP_200_OK if query["dry_run"] else status.HTTP_201_CREATED)


def _files(request: Request, opened: ExitStack) -> list[Any]:
    """The files of a multipart body, whatever their fields are called; or the body itself."""
    if (
        not isinstance(request.data.get("file"), UploadedFile)
        and not request.FILES
        and "file" in request.data
    ):
        file = opened.enter_context(request.data["file"])
        if (request.content_type or "").startswith("application/x-www-form-urlencoded"):
            raise invalid_import(
                "Importing from an address is not offered. Download the file and send it itself.", field="url"
            )
        return [file]
    files = [file for name, sent in request.FILES.lists() if name != "users" for file in sent]
    if not files:
        raise invalid_import(
            "Send one or more files of tasks, as the field `file`, or the tasks as a JSON body.", field="file"
        )
    return files


def _sources(files: Sequence[Any], request: Request) -> list[SourceFile]:
    return [
        SourceFile(file, file.name or "", file.content_type or "")
        if isinstance(file, UploadedFile)
        else SourceFile(file, content_type=request.content_type or "")
        for file in files
    ]


def _import_tasks(
    project: Project, files: Sequence[SourceFile], request: Request, query: dict[str, Any]
) -> dict[str, Any]:
    """A long file is imported by a job: then the counts are null, and `job` says where to poll."""
    sent: dict[str, Any] = {"actor": user_of(request), "users": _users(request), "options": _options(query)}
    try:
        if query["dry_run"]:
            return _rehearsed(Importing(project, files, **sent).rehearse())
        return _answer(import_files(project, files, at_most=long_imports.REQUEST_LIMIT, **sent))
    except TooLong:
        return _queued(long_imports.start(project, files, **sent))


def _import_media(project: Project, media: list[UploadedFile], request) -> dict[str, Any]:
    outcome, kept = import_media(project, media, actor=request.user)
    uploads = {
        "file_upload_ids": [upload.pk for upload in kept],
        "found_formats": sorted({extension_of(u.name) for u in kept}),
    }
    return _answer(outcome) | uploads


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
        "found_formats": report.formats,
        "data_columns": list(report.columns),
        "import": outcome.record.pk,
        "report": report.as_dict(),
        "job": None,
        "task_ids": report.task_ids,
    }


def _rehearsed(report: dict[str, Any]) -> dict[str, Any]:
    return {
        "task_count": report["tasks"],
        "annotation_count": report["annotations"],
        "prediction_count": report["predictions"],
        "duration": None,
        "file_upload_ids": [],
        "could_be_tasks_list": False,
        "found_formats": report["formats"],
        "data_columns": report["columns"],
        "import": None,
        "report": report,
        "job": None,
        "task_ids": None,
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
