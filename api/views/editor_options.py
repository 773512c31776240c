"""What a front end needs to start Label Studio's editor."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from reviews import editor_options as editor
from tasks.errors import Refused
from tasks.models import Project
from users.sentences import sentence as _

from ..serializers.editor_options import EditorOptionsSerializer
from .base import require, visible
from .known_parameters import APIView

SCREENS = {editor.REVIEW: "review_annotation", editor.ANNOTATE: "annotate"}
SCREEN = OpenApiParameter(
    "screen", str, enum=list(SCREENS), description="By default `review` for people who may review."
)


class EditorOptions(APIView):
    @extend_schema(responses=EditorOptionsSerializer, parameters=[SCREEN])
    def get(self, request, pk):
        """The editor's interfaces, reject buttons and people for you in this project."""
        project = visible(Project.objects, request, pk)
        screen = request.query_params.get("screen") or editor.screen_of(request.user, project)
        if screen not in SCREENS:
            raise Refused(
                "unknown_screen",
                _(
                    "There is no screen %(screen)r. Use %(screens)s.",
                    screen=screen,
                    screens=" or ".join(SCREENS),
                ),
                field="screen",
            )
        require(request, SCREENS[screen], project)
        return Response(EditorOptionsSerializer(editor.options(request.user, project, screen)).data)
