"""Label Studio's one door for verdicts, its history, and verdicts on a selection."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.views import APIView

from reviews.decisions.request import Decision, Report, VerdictRequest
from reviews.models import BulkReview, Review
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.models import Annotation, History, Project
from tasks.querysets import within

from ..filters.lists import HistoryFilter, ReviewFilter
from ..pagination import LongList, Pages
from ..serializers.annotations import HistorySerializer, history_for_reader, history_rows
from ..serializers.reviews import (
    BulkReportSerializer,
    BulkReviewSerializer,
    ReviewChangeSerializer,
    ReviewRequestSerializer,
    ReviewSerializer,
    review_for_reader,
)
from .base import ViewSet, decision_arguments, each, sent, user_of, visible


def verdict_request(request, body: dict[str, Any]) -> VerdictRequest:
    """Accepted with a `result` that says something else is a fix."""
    verdict = ActionType.ACCEPTED if body.get("accepted") else ActionType.REJECTED
    asked = decision_arguments(request, body)
    unasked = ("reject_action", "reason", "assignee") if verdict != ActionType.REJECTED else ("result",)
    return VerdictRequest(verdict, **{name: value for name, value in asked.items() if name not in unasked})


class ReviewViewSet(ViewSet):
    queryset = Review.objects.select_related("annotation", "fixed_version", "project").order_by("-id")
    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter
    pagination_class = LongList

    @extend_schema(responses=ReviewSerializer(many=True))
    def list(self, request):
        """Verdicts, newest first; undone ones only with `include_undone=true`."""
        return self.page_of(self.filter_queryset(self.get_queryset()), bodies_of=each(review_for_reader))

    @extend_schema(
        request=ReviewRequestSerializer,
        responses={201: ReviewSerializer},
        parameters=[
            OpenApiParameter(
                "async_postprocess", bool, description="Taken for compatibility; nothing is postponed."
            )
        ],
    )
    def create(self, request):
        """Accept, reject, or fix and accept (`accepted: true` with a `result` that differs)."""
        body = sent(ReviewRequestSerializer, request)
        decision = AnnotationReviewService(request.user).decide(
            body["annotation"], verdict_request(request, body)
        )
        return Response(self._body(decision), status=status.HTTP_201_CREATED)

    @extend_schema(responses=ReviewSerializer)
    def retrieve(self, request, pk=None):
        return Response(review_for_reader(self.get_object(), request.user))

    @extend_schema(request=ReviewChangeSerializer, responses=ReviewSerializer)
    def partial_update(self, request, pk=None):
        """Another verdict, result or reject action: a superseding review.

        The answer has its id, and `supersedes`.
        """
        review = self.get_object()
        body = {"accepted": review.accepted, **sent(ReviewChangeSerializer, request, partial=True)}
        decision = AnnotationReviewService(request.user).change(review, verdict_request(request, body))
        return Response(
            self._body(decision) | {"supersedes": review.pk if decision.review.pk != review.pk else None}
        )

    @extend_schema(request=ReviewChangeSerializer, responses=ReviewSerializer)
    def update(self, request, pk=None):
        return self.partial_update(request, pk)

    @extend_schema(responses={204: OpenApiResponse(description="Taken back; the annotation is unreviewed.")})
    def destroy(self, request, pk=None):
        AnnotationReviewService(request.user).undo(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _body(self, decision: Decision) -> dict[str, Any]:
        body = review_for_reader(decision.review, user_of(self.request))
        return body | ({"notice": decision.notice} if decision.notice else {})


class HistoryViewSet(ViewSet):
    queryset = history_rows(History.objects.select_related("annotation__project").order_by("-id"))
    serializer_class = HistorySerializer
    filterset_class = HistoryFilter
    pagination_class: type[BasePagination] = LongList

    @extend_schema(responses=HistorySerializer(many=True))
    def list(self, request):
        """What happened to an annotation, newest first."""
        return self.page_of(self.filter_queryset(self.get_queryset()), bodies_of=each(history_for_reader))

    @extend_schema(responses=HistorySerializer)
    def retrieve(self, request, pk=None):
        return Response(history_for_reader(self.get_object(), request.user))


class ProjectHistoryViewSet(HistoryViewSet):
    """Of all annotations of one project, in pages."""

    pagination_class = Pages
    filter_backends: list = []

    @extend_schema(
        operation_id="projects_annotation_history_list",
        responses=HistorySerializer(many=True),
        parameters=[
            OpenApiParameter("created_at_from", OpenApiTypes.DATETIME),
            OpenApiParameter("created_at_to", OpenApiTypes.DATETIME),
        ],
    )
    def list(self, request, project_pk=None):
        """What happened in a project, newest first."""
        project = visible(Project.objects, request, project_pk)
        span = sent_span(request.query_params)
        rows = self.get_queryset().filter(annotation__project=project, **span)
        return self.page_of(rows, bodies_of=each(history_for_reader))


def sent_span(query) -> dict[str, Any]:
    """`created_at_from` and `created_at_to` as lookups."""
    span = SpanSerializer(
        data={name: query[name] for name in ("created_at_from", "created_at_to") if name in query}
    )
    span.is_valid(raise_exception=True)
    lookups = {"created_at_from": "created_at__gte", "created_at_to": "created_at__lte"}
    return {lookups[name]: value for name, value in span.validated_data.items()}


class SpanSerializer(serializers.Serializer):
    created_at_from = serializers.DateTimeField(required=False)
    created_at_to = serializers.DateTimeField(required=False)


def report_body(report: Report) -> dict[str, Any]:
    return BulkReportSerializer(
        {
            "id": report.bulk.pk,
            "action": report.bulk.action,
            "processed_items": len(report.done),
            "done": [annotation.pk for annotation in report.done],
            "refused": [{"annotation": a.pk, "code": r.code, "detail": r.detail} for a, r in report.refused],
        }
    ).data


class BulkReviews(APIView):
    @extend_schema(request=BulkReviewSerializer, responses=BulkReportSerializer)
    def post(self, request):
        """Accept, reject, undo or reopen a selection of one project.

        What is refused is reported, the rest is done.
        """
        body = sent(BulkReviewSerializer, request)
        visible_ones = Annotation.objects.visible_to(request.user).filter(pk__in=body["annotations"])
        chosen = list(visible_ones.values_list("pk", flat=True))
        _refuse_other_count(body.get("expected_count"), len(chosen))
        asked = decision_arguments(request, body)
        asked.pop("seen")
        service = AnnotationReviewService(request.user)
        comment = asked["comment"]
        verbs = {
            "accept": lambda: service.accept_many(chosen, comment=comment),
            "reject": lambda: service.reject_many(chosen, **asked),
            "undo": lambda: service.undo_many(chosen),
            "reopen": lambda: service.reopen_many(chosen, to=body["to"], comment=comment),
        }
        return Response(report_body(verbs[body["action"]]()))


def _refuse_other_count(expected: int | None, found: int) -> None:
    if expected is not None and expected != found:
        raise Refused(
            "selection_changed",
            f"The selection has {found} annotations now, not {expected}. Look again.",
            field="expected_count",
        )


class UndoBulkReview(APIView):
    @extend_schema(request=None, responses=BulkReportSerializer)
    def post(self, request, pk):
        """Undo what still stands of a bulk action, and list the rest."""
        bulk = get_object_or_404(BulkReview.objects.filter(within(request.user, "review_annotation")), pk=pk)
        return Response(report_body(AnnotationReviewService(request.user).undo_bulk(bulk)))
