"""Imports files or a body of tasks into a project."""

import io
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import QueryDict
from django.utils.encoding import force_str
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from exchange.importing import long_imports
from exchange.importing.importer import Importing, TooLong, import_files
from exchange.importing.kept import kept_before, options_of
from exchange.importing.keys import key_of
from exchange.importing.media import import_media, media_of
from exchange.importing.options import BY_ID, MATCH_ON, ON_DUPLICATE, SKIP, ImportOptions
from exchange.importing.problems import invalid_import
from exchange.importing.repeats import RequestKey, request_key
from exchange.importing.sources import SourceFile, declared_encoding
from exchange.importing.uploaded import sources_of, uploads_named
from tasks.errors import Refused
from tasks.known_names import KnownKeys
from tasks.media import KINDS, TASK_FILES, extension_of
from tasks.models import Project
from tasks.services import uploads
from tasks.strict_json import parse_json
from users.sentences import sentence as _

from ..filters.parameters import parameters_of
from ..openapi.headers import IDEMPOTENCY_KEY
from ..serializers.imports import answer_of, answer_of_job, import_answer, repeated_answer
from ..serializers.values import Body
from .base import project_for, sent, user_of
from .known_parameters import APIView

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


LIST_OF_TASKS = {"type": "array", "items": {"type": "object", "additionalProperties": {}}}
USERS = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "Who the ids of people in the file are: id to e-mail.",
}
TASKS = {
    "anyOf": [
        LIST_OF_TASKS,
        {
            "type": "object",
            "title": "TasksWithUsers",
            "required": ["tasks"],
            "properties": {"tasks": LIST_OF_TASKS, "users": USERS},
        },
        {"type": "object", "title": "OneTaskToImport", "additionalProperties": {}},
    ]
}


class OneOf(serializers.ChoiceField):
    """Described as an enum. ImportOptions refuses other values, in the same sentence for the command."""

    def to_internal_value(self, data: Any) -> str:
        return str(data)


class ImportQuery(serializers.Serializer):
    return_task_ids = serializers.BooleanField(
        required=False, default=False, help_text="Answer with the ids of the new tasks."
    )
    on_duplicate = OneOf(
        choices=ON_DUPLICATE,
        required=False,
        default=SKIP,
        help_text="What to do with tasks that exist already.",
    )
    match_on = OneOf(
        choices=MATCH_ON,
        required=False,
        default=BY_ID,
        help_text="How tasks that exist already are recognised: by `id` (unique_id, external_id, or the"
        " unique_id of an annotation), or also by equal `data`.",
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
        required=False,
        default="",
        help_text="Of files that are neither UTF-8 nor marked: `windows-1252`."
        " Else the `charset` of their `Content-Type`, if they are `text/…`.",
    )
    commit_to_project = serializers.BooleanField(
        required=False,
        default=True,
        help_text="`false`: check the files and keep them as uploads, to be imported by `POST …/reimport/`.",
    )
    preannotated_from_fields = serializers.ListField(
        child=serializers.CharField(max_length=255),
        required=False,
        default=list,
        help_text="Keys of the data that become predictions. To be repeated, or separated by commas.",
    )


class ReimportQuery(ImportQuery):
    """What is not sent is as it was when the files were uploaded."""

    commit_to_project = None  # type: ignore[assignment]


OPTIONS = ("on_duplicate", "match_on", "strict", "encoding", "preannotated_from_fields")


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
        parameters=[ImportQuery, IDEMPOTENCY_KEY],
        # Only JSON: no generated Python client can send a list and have a second kind of body beside it.
        request={"application/json": TASKS},
        responses={200: IMPORTED, 201: IMPORTED},
    )
    def post(self, request, pk: int):
        """Import tasks with their annotations, predictions and reviews (managers): all of them or none.

        More than 20,000 tasks are imported by a job: poll `job.url`.
        Send JSON, JSON lines, CSV, TSV or text, or several files as multipart, also zipped; with them
        optionally `users`. Images, audio and video as multipart become one task each. If something is wrong,
        `errors` lists up to 100 problems by task and path. With an `Idempotency-Key` the same request is done
        once.
        """
        project = project_for(request, "import", pk)
        query = parameters_of(ImportQuery, request)
        with ExitStack() as opened:
            files = _files(request, opened)
            if not query["commit_to_project"]:
                return _keep(project, files, request, query)
            sources = _sources(files, request)
            media = media_of(project, [file for file in files if isinstance(file, UploadedFile)])
            if query["dry_run"] and not media:
                return _response(_rehearse(project, sources, _given(request, query)), query)
            key = _key(request, sources, query)
            if first := key.first(project, user_of(request)):
                return _response(repeated_answer(first), query, is_new=False)
            if media:
                _refuse_options(query)
                outcome, kept = import_media(project, media, actor=user_of(request), key=key)
                answer = answer_of(outcome) | {"file_upload_ids": [upload.pk for upload in kept]}
            else:
                answer = _import_tasks(project, sources, key, _given(request, query))
        return _response(answer, query)


def _refuse_options(query: dict[str, Any]) -> None:
    """Files to label have nothing that these could apply to."""
    defaults = ImportQuery().fields
    for name in (*OPTIONS, "dry_run"):
        default = defaults[name].default
        if query[name] != (default() if callable(default) else default):
            raise Refused(
                "no_effect",
                _("%(name)s has no effect on files to label. Leave it out.", name=name),
                field=name,
            )


def _files(request: Request, opened: ExitStack) -> list[Any]:
    """The files of a multipart body, whatever their fields are called; or the body itself."""
    if not isinstance(request.data, QueryDict) and request.data:  # it comes from ToDisk
        file = opened.enter_context(request.data["file"])  # type: ignore[call-overload]
        if (request.content_type or "").startswith("application/x-www-form-urlencoded"):
            raise invalid_import(
                _("Importing from an address is not offered. Download the file and send it itself."),
                field="url",
            )
        return [file]
    if unknown := [name for name in request.data if name not in request.FILES and name != "users"]:
        raise Refused(
            "unknown_field",
            _(
                "%(unknown)s is no file, and has no effect here. Options go into the address.",
                unknown=unknown[0][:100],
            ),
            field=unknown[0][:100],
        )
    files = [file for name, several in request.FILES.lists() if name != "users" for file in several]
    if not files:
        raise invalid_import(
            _("Send one or more files of tasks, as the field `file`, or the tasks as a JSON body."),
            field="file",
        )
    return files


def _sources(files: Sequence[Any], request: Request) -> list[SourceFile]:
    return [
        SourceFile(cast(BinaryIO, file), file.name or "", _content_type(file))
        if isinstance(file, UploadedFile)
        else SourceFile(file, "", request.content_type or "")
        for file in files
    ]


def _content_type(file: UploadedFile) -> str:
    """As it was sent: Django takes it apart."""
    kind, charset = file.content_type or "", force_str(file.charset or "", errors="replace")
    return f"{kind}; charset={charset}" if charset else kind


def _key(request: Request, files: Sequence[SourceFile], query: dict[str, Any]) -> RequestKey:
    about = [dict(query), [(file.name, file.content_type) for file in files], _users(request)]
    return request_key(request.headers.get("Idempotency-Key"), [file.file for file in files], about)


def _import_tasks(
    project: Project, files: Sequence[SourceFile], key: RequestKey, given: dict[str, Any]
) -> Body:
    """A long file is imported by a job: then the counts are null, and `job` says where to poll."""
    try:
        return answer_of(import_files(project, files, at_most=long_imports.REQUEST_LIMIT, key=key, **given))
    except TooLong:
        return answer_of_job(long_imports.start(project, files, key=key, **given))


def _rehearse(project: Project, files: Sequence[SourceFile], given: dict[str, Any]) -> Body:
    return import_answer(Importing(project, files, **given).rehearse())


def _given(request: Request, query: dict[str, Any]) -> dict[str, Any]:
    """Who imports, and how."""
    return {"actor": user_of(request), "users": _users(request), "options": _options(query)}


def _keep(project: Project, files: Sequence[Any], request: Request, query: dict[str, Any]) -> Response:
    """Check the files and keep them; POST …/reimport/ imports them."""
    if query["dry_run"]:
        raise Refused(
            "contradiction",
            _("dry_run=true keeps nothing, commit_to_project=false keeps the files. Leave one of them out."),
            field="dry_run",
        )
    named = [
        file
        if isinstance(file, UploadedFile)
        else UploadedFile(file, "tasks.json", size=file.seek(0, io.SEEK_END))
        for file in files
    ]
    sources = _sources(files, request)
    key = _key(request, sources, query)
    if media := media_of(project, named):
        _refuse_options(query)
        answer = import_answer(
            {
                "tasks": len(media),
                "formats": sorted({extension_of(file.name or "") for file in media}),
                "columns": sorted({key_of(project, file.name or "") for file in media}),
            }
        )
    else:
        answer = _rehearse(project, sources, _given(request, query))
        if not isinstance(files[0], UploadedFile):  # later, its format is known by its name alone
            named[0].name = f"tasks{answer['found_formats'][0]}"
    fields: dict[str, Any] = {"idempotency_key": key.key, "fingerprint": key.fingerprint}
    fields["options"] = {} if media else _checked_with(request, query, sources)
    with transaction.atomic():
        before = kept_before(project, user_of(request), key)
        kinds = KINDS if media else TASK_FILES
        with uploads.stored(
            project, [] if before else named, actor=user_of(request), kinds=kinds, **fields
        ) as new:
            kept = before or new
    could_be = any(extension_of(upload.name) in (".csv", ".tsv", ".txt") for upload in kept)
    answer |= {
        "file_upload_ids": [one.pk for one in kept],
        "could_be_tasks_list": could_be and not media,
    }
    return _response(answer, query, is_new=not before)


def _checked_with(request: Request, query: dict[str, Any], sources: Sequence[SourceFile]) -> dict[str, Any]:
    # Of several files, which come in parts, none declares an encoding.
    encoding = query["encoding"] or declared_encoding(sources[0].content_type)
    return {name: query[name] for name in OPTIONS} | {"encoding": encoding, "users": _users(request)}


class ReimportSerializer(KnownKeys, serializers.Serializer):
    file_upload_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), allow_empty=False
    )
    files_as_tasks_list = serializers.BooleanField(
        required=False, default=True, help_text="False: each file becomes one task that names it."
    )


class ReimportView(APIView):
    @extend_schema(
        operation_id="projects_reimport",
        parameters=[ReimportQuery, IDEMPOTENCY_KEY],
        request=ReimportSerializer,
        responses={200: IMPORTED, 201: IMPORTED},
    )
    def post(self, request, pk: int):
        """Import files that were uploaded with `commit_to_project=false` (managers): all of them or none.

        Options and `users` of the upload apply, except for options that are sent again. With an
        `Idempotency-Key` the same request is done once.
        """
        project = project_for(request, "import", pk)
        query = parameters_of(ReimportQuery, request)
        body = sent(ReimportSerializer, request)
        ids = {"file_upload_ids": [*dict.fromkeys(body["file_upload_ids"])]}
        key = request_key(request.headers.get("Idempotency-Key"), [], ["reimport", query, body])
        if not query["dry_run"] and (first := key.first(project, user_of(request))):
            return _response(repeated_answer(first) | ids, query, is_new=False)
        chosen = uploads_named(project, body["file_upload_ids"])
        again = {name: query[name] for name in OPTIONS if name in request.query_params}
        options = query | options_of(chosen, again)
        given = {
            "actor": user_of(request),
            "users": options.pop("users", None),
            "options": _options(options),
        }
        with ExitStack() as opened:
            files = sources_of(project, chosen, opened, as_lists=body["files_as_tasks_list"])
            if query["dry_run"]:
                answer = _rehearse(project, files, given)
            else:
                answer = _import_tasks(project, files, key, given)
        return _response(answer | ids, query)


def _response(answer: Body, query: dict[str, Any], *, is_new: bool = True) -> Response:
    if not query["return_task_ids"]:
        answer.pop("task_ids", None)
    is_created = is_new and not query["dry_run"]
    return Response(answer, status=status.HTTP_201_CREATED if is_created else status.HTTP_200_OK)


def _users(request: Request) -> Any:
    given = request.data.get("users") if isinstance(request.data, QueryDict) else None
    if not given:
        return None
    if not isinstance(given, UploadedFile):
        return parse_json(str(given).encode())
    given.seek(0)
    return parse_json(given.read())
