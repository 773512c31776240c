"""What this site is. Label Studio's clients ask before anything else."""

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

# Whose REST dialect is spoken here.
DIALECT = "1.23.2"


class Version(APIView):
    authentication_classes: list = []
    permission_classes = [AllowAny]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request):
        """Versions by part. `edition` is Community: the SDK then exports in one request instead of polling."""
        ours = {"version": settings.VERSION}
        return Response(
            {
                "release": settings.VERSION,
                "edition": "Community",
                "product": "Countersign",
                "label-studio-os-package": {"version": DIALECT, "short_version": "1.23"},
                "label-studio-os-backend": ours,
                "label-studio-frontend": ours,
                "label-studio-converter": ours,
                "dm2": ours,
                "backend": ours,
                "lsf": ours,
            }
        )
