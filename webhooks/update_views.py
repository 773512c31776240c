"""GET /api/updates/: what changed for the caller."""

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from api.filters.parameters import parameters_of
from api.serializers.inbox import CountsSerializer, counts_body
from api.views.base import user_of, visible
from api.views.known_parameters import GenericAPIView
from reviews.inbox.inbox import inbox_of
from tasks.models import Project
from tasks.roles import projects_where, use_recent_roles

from .models import Event
from .updates import KINDS, cursor_at, updates_for

CHANGED = sorted(set(KINDS.values()))


class UpdatesParameters(serializers.Serializer):
    project = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    after = serializers.CharField(
        required=False, max_length=200, help_text="The `cursor` you have. Without it you get your first one."
    )
    inbox = serializers.BooleanField(
        required=False, help_text="With `inbox`: how much waits for you. It costs more than the rest."
    )


class ChangeSerializer(serializers.Serializer):
    """Something to read again: 404 means that it is gone. Without `task` and `annotation`: many of them."""

    kind = serializers.ChoiceField(choices=CHANGED)
    action = serializers.ChoiceField(
        choices=[name.lower() for name in KINDS], help_text="The newest thing that happened to it."
    )
    project = serializers.IntegerField()
    task = serializers.IntegerField(allow_null=True)
    annotation = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()


class UpdatesSerializer(serializers.Serializer):
    cursor = serializers.CharField(help_text="For `after` of the next request. Says nothing to a reader.")
    changes = ChangeSerializer(many=True, help_text="Each object once, oldest change first.")
    more = serializers.BooleanField(help_text="There is more now: ask again at once.")
    reset = serializers.BooleanField(
        help_text="The cursor is too old to say what changed: read everything you show again."
    )
    inbox = CountsSerializer(
        required=False, help_text="If asked for: how much waits for you, as in /api/inbox/counts/."
    )


class ChangesSinceView(GenericAPIView):
    serializer_class = UpdatesSerializer
    queryset = Event.objects.none()
    pagination_class = None

    @extend_schema(
        operation_id="updates",
        parameters=[
            UpdatesParameters,
            OpenApiParameter(
                "X-Cursor",
                str,
                OpenApiParameter.HEADER,
                response=[200, 304],
                description="The newest cursor. Of a 304 it is optional to use it.",
            ),
        ],
        responses={200: UpdatesSerializer, 304: OpenApiResponse(description="Nothing changed for you.")},
    )
    def get(self, request: Request) -> Response:
        """What changed for you since `after`, in one project or in all of yours: ask every few seconds.

        304 without a body if nothing did. Names objects to read again, and nothing of what is in them.
        """
        reader, wanted = user_of(request), parameters_of(UpdatesParameters, request)
        use_recent_roles(reader)
        project = wanted.get("project")
        if project and project not in (projects_where(reader, "view_project") or ()):
            project = visible(Project.objects, request, project).pk
        found = updates_for(reader, project, wanted.get("after"))
        headers = {"X-Cursor": cursor_at(found.position), "Cache-Control": "no-store"}
        if "after" in wanted and not (found.changes or found.more or found.reset):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        body = {
            "cursor": headers["X-Cursor"],
            "changes": ChangeSerializer(found.changes, many=True).data,
            "more": found.more,
            "reset": found.reset,
        }
        if wanted.get("inbox"):
            inbox = inbox_of(reader, project=project)
            body["inbox"] = counts_body(inbox.counts, inbox.total)
        return Response(body, headers=headers)
