"""Uploaded files of a project: their list, their removal, and signed links that open without signing in."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from reviews.task_table.errors import InvalidValue
from reviews.task_table.values import ids
from tasks.models import Project, Upload
from tasks.services import uploads
from tasks.upload_links import name_in, signed_links, signed_path
from users.sentences import sentence as _

from ..filters.parameters import boolean_parameter
from ..pagination import LongList
from ..serializers.uploads import (
    DeletedUploadsSerializer,
    ManyLinksSerializer,
    SignedSerializer,
    SignManySerializer,
    SignSerializer,
    UploadIdsSerializer,
    UploadSerializer,
)
from .base import ViewSet, require, sent, visible
from .known_parameters import APIView

FORCE = OpenApiParameter(
    "force", bool, description="Also files that tasks show; those tasks then show nothing."
)


class UploadViewSet(ViewSet):
    queryset = Upload.objects.all()
    serializer_class = UploadSerializer
    pagination_class = LongList

    def get_queryset(self):
        # The schema is built without a project in the URL.
        return super().get_queryset() if getattr(self, "swagger_fake_view", False) else self._of_project()

    def _of_project(self):
        project = visible(Project.objects, self.request, self.kwargs["project_pk"])
        require(self.request, "import", project)
        return Upload.objects.filter(project=project)

    @extend_schema(
        operation_id="file_uploads_list",
        parameters=[OpenApiParameter("ids", str, description="Only these: `1,2,3`, in brackets or not.")],
    )
    def list(self, request, **_: Any) -> Response:
        """The files of a project (managers), oldest first."""
        rows = self.get_queryset()
        if sent_ids := request.query_params.getlist("ids"):
            rows = rows.filter(pk__in=_ids(",".join(sent_ids)))
        return self.page_of(rows)

    @extend_schema(
        operation_id="file_uploads_delete",
        parameters=[FORCE],
        request=UploadIdsSerializer,
        responses=DeletedUploadsSerializer,
    )
    def destroy_many(self, request, **_: Any) -> Response:
        """Remove files for good (managers): those named, or all of them. Refused while tasks show them."""
        rows, asked = self.get_queryset(), sent(UploadIdsSerializer, request)
        chosen = rows if asked["all"] else rows.filter(pk__in=asked["file_upload_ids"])
        return Response({"deleted": uploads.delete(chosen, force=boolean_parameter(request, "force"))})


def _ids(text: str) -> list[int]:
    """The SDK writes a list as Python prints it, `[1, 2, 3]`."""
    try:
        return ids(text.strip("[] ")) if text.strip("[] ") else []
    except InvalidValue:
        raise ValidationError({"ids": [_("Name files by their ids: ids=1,2,3.")]})


class OneUpload(APIView):
    @extend_schema(operation_id="file_upload_retrieve", responses=UploadSerializer)
    def get(self, request, pk: int) -> Response:
        """One file, for people who see a task that shows it."""
        return Response(
            UploadSerializer(visible(Upload.objects, request, pk), context={"request": request}).data
        )

    @extend_schema(
        operation_id="file_upload_delete",
        parameters=[FORCE],
        responses={204: OpenApiResponse(description="Removed for good.")},
    )
    def delete(self, request, pk: int) -> Response:
        """Remove one file for good (managers). Refused while tasks show it."""
        upload = visible(Upload.objects, request, pk)
        require(request, "import", upload.project)
        uploads.delete([upload], force=boolean_parameter(request, "force"))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SignUpload(APIView):
    @extend_schema(operation_id="uploads_sign", request=SignSerializer, responses=SignedSerializer)
    def post(self, request, pk: int) -> Response:
        """A link that opens a file without signing in, for ten minutes. For people who see a task with it."""
        name = name_in(sent(SignSerializer, request)["path"], project=pk)
        of_project = Upload.objects.visible_to(request.user).filter(project=pk)
        path, expires_at = signed_path(get_object_or_404(of_project, name=name))
        return Response(
            SignedSerializer({"url": request.build_absolute_uri(path), "expires_at": expires_at}).data
        )


class SignUploads(APIView):
    @extend_schema(
        operation_id="uploads_sign_many", request=SignManySerializer, responses=ManyLinksSerializer
    )
    def post(self, request, pk: int) -> Response:
        """Links of many files, each valid for ten minutes. Files you may not see are in `not_found`."""
        names = {path: name_in(path, project=pk) for path in sent(SignManySerializer, request)["paths"]}
        of_project = Upload.objects.visible_to(request.user).filter(project=pk)
        links = absolute(request, signed_links(of_project, names))
        signed = {link["path"] for link in links}
        not_found = [path for path in names if path not in signed]
        return Response(ManyLinksSerializer({"links": links, "not_found": not_found}).data)


def absolute(request, links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [link | {"url": request.build_absolute_uri(link["url"])} for link in links]
