"""Comments on annotations and drafts."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response

from reviews import comments
from reviews.models import Comment
from tasks.errors import Refused
from tasks.models import Annotation, Draft

from ..filters.lists import CommentFilter
from ..filters.parameters import DELETED, boolean_parameter
from ..pagination import LongList
from ..serializers.reviews import CommentSerializer, ExpandedCommentSerializer, NewCommentSerializer
from .base import ViewSet, sent, visible

EXPAND = OpenApiParameter("expand_created_by", bool, description="`created_by` as an object.")


class CommentViewSet(ViewSet):
    queryset = Comment.objects.select_related("created_by", "annotation", "project").order_by("id")
    serializer_class = CommentSerializer
    filterset_class = CommentFilter
    pagination_class = LongList

    def get_serializer_class(self):
        # Without a request the schema is being built.
        expanded = self.request is not None and boolean_parameter(self.request, "expand_created_by")
        return ExpandedCommentSerializer if expanded else CommentSerializer

    @extend_schema(responses=CommentSerializer(many=True), parameters=[EXPAND, DELETED])
    def list(self, request):
        """Comments you see. `deleted=true`: instead those that were deleted, for managers."""
        found = self.get_queryset()
        if boolean_parameter(request, "deleted"):
            found = self.queryset.all().deleted_for(request.user)
        return self.page_of(self.filter_queryset(found))

    @extend_schema(responses=CommentSerializer, parameters=[EXPAND])
    def retrieve(self, request, pk=None):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        request=NewCommentSerializer,
        responses={200: CommentSerializer, 201: CommentSerializer},
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
                "Name the annotation or the draft that the comment is about.",
                field="annotation",
            )
        draft = get_object_or_404(
            Draft.objects.visible_to(request.user).select_related("task"), pk=body["draft_id"]
        )
        return comments.create_on_draft(
            draft.task, body["text"], actor=request.user, draft_id=draft.pk, **about
        )

    @extend_schema(request=CommentSerializer, responses=CommentSerializer, parameters=[EXPAND])
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
