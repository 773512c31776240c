"""An unknown path under /api/ is a JSON 404, also with DEBUG on."""

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from users.sentences import sentence as _


@extend_schema(exclude=True)
class UnknownRoute(APIView):
    authentication_classes: list = []
    permission_classes = [AllowAny]
    throttle_classes: list = []

    def initial(self, request, *args, **kwargs):
        raise NotFound(_("There is no such route."))
