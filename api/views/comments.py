"""Comments on annotations and drafts."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError as InvalidZone
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    OpenApiTypes,
    PolymorphicProxySerializer,
    extend_schema,
)
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from reviews import comments
from reviews.models import Comment
from tasks.errors import Refused
from tasks.models import Annotation, Draft
from tasks.sql import bounded_reads
from users.sentences import sentence as _
from users.zones import validate_zone

from ..filters.lists import CommentFilter
from ..filters.parameters import DELETED, boolean_parameter
from ..openapi.headers import FILE_NAME
from ..pagination import LongList
from ..serializers.reviews import (
    CommentSerializer,
    ExpandedCommentSerializer,
    NewCommentSerializer,
)
from .base import ViewSet, sent, visible
from .tables import csv_answer

ANY_COMMENT = PolymorphicProxySerializer(
    component_name="AnyComment",
    serializers=[CommentSerializer, ExpandedCommentSerializer],
    resource_type_field_name=None,
)
EXPAND = OpenApiParameter("expand_created_by", bool, description="`created_by` as an object.")

LIST_FILTERS = ("annotation", "annotators", "draft", "is_resolved", "ordering", "project", "projects", "task")
MOST_EXPORTED = 10_000
TIMES = ("created_at", "updated_at", "resolved_at")
COLUMNS = (
    "id",
    "text",
    "annotation",
    "draft",
    "task",
    "project",
    "created_by",
    "is_resolved",
    *TIMES,
    "region_ref",
    "classifications",
)


class CommentViewSet(ViewSet):
    queryset = Comment.objects.select_related("created_by", "annotation", "project").order_by("id")
    serializer_class = CommentSerializer
    filterset_class = CommentFilter
    pagination_class = LongList

    def get_serializer_class(self):
        # Without a request the schema is being built.
        expanded = self.request is not None and boolean_parameter(self.request, "expand_created_by")
        return ExpandedCommentSerializer if expanded else CommentSerializer

    @extend_schema(responses=ANY_COMMENT, parameters=[EXPAND, DELETED])
    def list(self, request):
        """Comments you see. `deleted=true`: instead those that were deleted, for managers."""
        found = self.get_queryset()
        if boolean_parameter(request, "deleted"):
            found = self.queryset.all().deleted_for(request.user)
        return self.page_of(self.filter_queryset(found))

    @extend_schema(
        parameters=[
            FILE_NAME,
            OpenApiParameter("tz", str, description="The zone of the times, as `Europe/Vienna`."),
            EXPAND,
            *(OpenApiParameter(name, str, description="As in the list.") for name in LIST_FILTERS),
        ],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request):
        """Comments you see as CSV, at most 10,000, by the filters of the list."""
        zone = _zone(request.query_params.get("tz", ""))
        found = self.filter_queryset(self.get_queryset())
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            rows = list(found[: MOST_EXPORTED + 1])
        if len(rows) > MOST_EXPORTED:
            raise ValidationError(
                {
                    "projects": [
                        _(
                            "More than %(most_exported)s comments. Narrow the filter.",
                            most_exported=MOST_EXPORTED,
                        )
                    ]
                }
            )
        bodies = self.get_serializer(rows, many=True).data
        # With `expand_created_by`, people by their e-mail.
        for comment, body in zip(rows, bodies, strict=True):
            body |= {name: _in_zone(getattr(comment, name), zone) for name in TIMES}
            author = body["created_by"]
            body["created_by"] = author["email"] if isinstance(author, dict) else author
        return csv_answer("comments.csv", COLUMNS, [[body[name] for name in COLUMNS] for body in bodies])

    @extend_schema(responses=ANY_COMMENT, parameters=[EXPAND])
    def retrieve(self, request, pk=None):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=NewCommentSerializer,
        responses={200: ANY_COMMENT, 201: ANY_COMMENT},
        parameters=[EXPAND],
    )
    def create(self, request):
        """Comment on an annotation, or on your own draft.

        Sent again with its `unique_id`, a comment on an annotation is 200 with the first.
        """
        body = sent(NewCommentSerializer, request)
        about = {name: body[name] for name in ("region_ref", "classifications") if name in body}
        is_new = True
        if body.get("annotation_id"):
            annotation = visible(Annotation.objects, request, body["annotation_id"])
            comment, is_new = comments.create_once(
                annotation, body["text"], actor=request.user, unique_id=body.get("unique_id"), **about
            )
        else:
            comment = self._on_draft(request, body, about)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(self.get_serializer(comment).data, status=code)

    def _on_draft(self, request, body, about) -> Comment:
        if not body.get("draft_id"):
            raise Refused(
                "nothing_commented",
                _("Name the annotation or the draft that the comment is about."),
                field="annotation",
            )
        draft = get_object_or_404(
            Draft.objects.visible_to(request.user).select_related("task"), pk=body["draft_id"]
        )
        return comments.create_on_draft(
            draft.task, body["text"], actor=request.user, draft_id=draft.pk, **about
        )

    @extend_schema(request=CommentSerializer, responses=ANY_COMMENT, parameters=[EXPAND])
    def partial_update(self, request, pk=None):
        """Its author may change it. Reviewers, managers and the annotation's author may resolve it."""
        changes = sent(CommentSerializer, request, partial=True)
        # What a comment is about stays as it was.
        allowed = {
            name: value
            for name, value in changes.items()
            if name in ("text", "is_resolved", "region_ref", "classifications")
        }
        comment = comments.update(self.get_object(), actor=request.user, **allowed)
        return Response(self.get_serializer(comment).data)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted.")})
    def destroy(self, request, pk=None):
        comments.delete(self.get_object(), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _zone(name: str) -> ZoneInfo:
    try:
        validate_zone(name or "UTC")
    except InvalidZone as error:
        raise ValidationError({"tz": error.messages})
    return ZoneInfo(name or "UTC")


def _in_zone(time: datetime | None, zone: ZoneInfo) -> str | None:
    return None if time is None else time.astimezone(zone).isoformat()
