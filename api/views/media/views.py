"""Uploaded files, for people who see a task with the file, or by a signed link."""

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny

from tasks.media import KINDS, TASK_FILES
from tasks.models import Upload
from tasks.upload_links import check_signature

from ..known_parameters import APIView
from .responses import MediaFile, file_response

TYPES = sorted({kind.content_type for kind in (*KINDS.values(), *TASK_FILES.values())})


class Media(APIView):
    permission_classes = [AllowAny]  # a signed link needs no login; otherwise see _readable

    @extend_schema(
        operation_id="media",
        parameters=[
            OpenApiParameter("signature", str, description="Part of a signed link."),
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range of bytes."),
        ],
        responses={
            **{(status, kind): OpenApiTypes.BINARY for status in (200, 206) for kind in TYPES},
            304: OpenApiResponse(description="Unchanged."),
            412: OpenApiResponse(description="`If-Match` or `If-Unmodified-Since` names another version."),
            416: OpenApiResponse(description="No byte of the range is in the file."),
        },
    )
    def get(self, request, project: str, name: str) -> HttpResponseBase:
        """An uploaded file. 404 for people who see no task that shows it."""
        readable = _readable(request, f"{project}/{name}")
        upload = get_object_or_404(readable, project=project, name=name)
        return file_response(media_file(upload), request)


def media_file(upload: Upload) -> MediaFile:
    return MediaFile(
        name=upload.name,
        content_type=upload.content_type,
        size=upload.size,
        tag=upload.sha256,
        modified=int(upload.created_at.timestamp()),
        open=lambda: upload.file.storage.open(upload.file.name or ""),
    )


def _readable(request, key: str) -> QuerySet[Upload]:
    if signature := request.query_params.get("signature"):
        check_signature(key, signature)
        return Upload.objects.filter(project__deleted_at=None)
    if not request.user.is_authenticated:
        raise NotAuthenticated
    return Upload.objects.visible_to(request.user)
