"""GET /data/upload/{project}/{name}: an uploaded file, to whom sees a task that names it, or who has a signed link."""

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from tasks.models import Upload

from . import signed_links
from .responses import served


class Media(APIView):
    permission_classes = [AllowAny]  # a signature is enough; without one, see _readable

    @extend_schema(
        operation_id="media",
        parameters=[
            OpenApiParameter("signature", str, description="Of a signed link."),
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range of bytes."),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="Unchanged."),
            416: OpenApiResponse(description="Nothing of the range is in the file."),
        },
    )
    def get(self, request, project: str, name: str) -> HttpResponseBase:
        """An uploaded file. 404 for whoever sees no task that shows it."""
        return served(
            get_object_or_404(_readable(request, f"{project}/{name}"), project=project, name=name), request
        )


def _readable(request, key: str):
    if signature := request.query_params.get("signature"):
        signed_links.check(key, signature)
        return Upload.objects.filter(project__deleted_at=None)
    if not request.user.is_authenticated:
        raise NotAuthenticated
    return Upload.objects.visible_to(request.user)
