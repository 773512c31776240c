"""The version endpoint, which Label Studio's clients ask first."""

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from api.views.known_parameters import APIView

# The version of Label Studio whose REST API is implemented here.
DIALECT = "1.23.2"
# The web application announces newer versions from these keys, and fails on an invalid date.
PACKAGE = {
    "version": DIALECT,
    "short_version": "1.23",
    "latest_version_from_pypi": DIALECT,
    "latest_version_upload_time": "2026-09-25T00:00:00Z",
    "current_version_is_outdated": False,
}


class Version(APIView):
    authentication_classes: list = []
    permission_classes = [AllowAny]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request):
        """Versions by part.

        With the edition "Community" the SDK exports in one request instead of polling.
        """
        ours = {"version": settings.VERSION}
        return Response(
            {
                "release": settings.VERSION,
                "edition": "Community",
                "product": "Countersign",
                "label-studio-os-package": PACKAGE,
                "label-studio-os-backend": ours,
                "label-studio-frontend": ours,
                "label-studio-converter": ours,
                "dm2": ours,
                "backend": ours,
                "lsf": ours,
            }
        )
