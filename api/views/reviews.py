"""Label Studio's one door for verdicts, its history, and verdicts on a selection."""

from collections.abc import Sequence
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from jobs.models import Job
from reviews import bulk
from reviews.decisions.request import BulkAction, Decision, Report, VerdictRequest
from reviews.models import BulkReview, Review
from reviews.service import AnnotationReviewService
from tasks.choices import ActionType
from tasks.errors import Refused
from tasks.models import Annotation, History, Project
from tasks.querysets import within
from users.sentences import sentence as _

from ..filters.lists import HistoryFilter, ReviewFilter
from ..openapi.headers import IF_MATCH
from ..pagination import LongList, Pages
from ..serializers.annotations import HistorySerializer, history_for_reader, history_rows
from ..serializers.reviews import (
    BulkReportSerializer,
    BulkReviewSerializer,
    ChangedReviewSerializer,
    DryRunSerializer,
    ReviewChangeSerializer,
    ReviewRequestSerializer,
    ReviewSerializer,
    SignedReviewSerializer,
    review_for_reader,
)
from .base import ViewSet, decision_arguments, each, sent, user_of, visible
from .known_parameters import APIView


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
        responses={201: SignedReviewSerializer},
        parameters=[
            IF_MATCH,
            OpenApiParameter(
                "async_postprocess", bool, description="Taken for compatibility; nothing is postponed."
            ),
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

    @extend_schema(request=ReviewChangeSerializer, responses=ChangedReviewSerializer, parameters=[IF_MATCH])
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

    @extend_schema(request=ReviewChangeSerializer, responses=ChangedReviewSerializer, parameters=[IF_MATCH])
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


def report_body(action: str, report: Report, *, dry_run: bool = False) -> dict[str, Any]:
    counts = bulk.Counts.of(report)
    sentence = bulk.sentence_before if dry_run else bulk.sentence_after
    return {
        "id": report.bulk.pk if report.bulk else None,
        "action": action,
        "dry_run": dry_run,
        "detail": sentence(action, counts),
        "processed_items": counts.done,
        "done": [annotation.pk for annotation in report.done],
        "refused": bulk.refusals_body(report.refused),
        "reasons": dict(counts.refused),
        "not_found": report.not_found,
        "replaced": report.replaced,
        "restored": report.restored,
        "not_restored": bulk.refusals_body(report.not_restored),
        "job": None,
    }


def bulk_answer(action: str, outcome: Report | Job, unseen: Sequence[int] = ()) -> Response:
    """A long one is done by a job: then the counts are null, and `job` says where to poll."""
    if isinstance(outcome, Report):
        outcome.not_found += unseen
        return Response(report_body(action, outcome))
    unknown = dict.fromkeys(report_body(action, Report()))
    body = unknown | {
        "id": outcome.subject_id,
        "action": action,
        "dry_run": False,
        "not_found": list(unseen),
        "detail": _("This takes a moment. Job %(outcome)s reports when it is done.", outcome=outcome.pk),
        "job": {"id": outcome.pk, "url": f"/api/jobs/{outcome.pk}/"},
    }
    return Response(body, status=status.HTTP_202_ACCEPTED)


class BulkReviews(APIView):
    @extend_schema(
        request=BulkReviewSerializer, responses={200: BulkReportSerializer, 202: BulkReportSerializer}
    )
    def post(self, request):
        """Accept, reject, undo or reopen a selection of one project.

        What is refused is reported, the rest is done. More than 1,000 annotations are done by a job (202).
        """
        body = sent(BulkReviewSerializer, request)
        visible_ones = Annotation.objects.visible_to(request.user).filter(pk__in=body["annotations"])
        chosen = list(visible_ones.order_by("pk").values_list("pk", flat=True))
        _refuse_other_count(body["expected_count"], len(chosen))
        action = _bulk_action(request, body)
        unseen = sorted(set(body["annotations"]) - set(chosen))
        if body["dry_run"]:
            report = bulk.preview(chosen, action, actor=request.user)
            report.not_found += unseen
            return Response(report_body(action.name, report, dry_run=True))
        outcome = bulk.perform(chosen, action, actor=request.user)
        return bulk_answer(action.name, outcome, unseen)


def _bulk_action(request, body: dict[str, Any]) -> BulkAction:
    name, asked = body["action"], decision_arguments(request, body)
    options = {"comment": asked["comment"], "to": body["to"], "include_decided": body["include_decided"]}
    if name == "reject":
        options |= {key: asked[key] for key in ("reject_action", "reason", "assignee") if key in asked}
    return BulkAction.of(name, **options)


def _refuse_other_count(expected: int | None, found: int) -> None:
    if expected is not None and expected != found:
        raise Refused(
            "selection_changed",
            _(
                "The selection has %(found)s annotations now, not %(expected)s. Look again.",
                found=found,
                expected=expected,
            ),
            field="expected_count",
        )


class UndoBulkReview(APIView):
    @extend_schema(request=DryRunSerializer, responses={200: BulkReportSerializer, 202: BulkReportSerializer})
    def post(self, request, pk):
        """Undo what still stands of a bulk action, restore the verdicts that it ended, and list the rest."""
        found = BulkReview.objects.filter(within(request.user, "review_annotation"), project__deleted_at=None)
        undone = get_object_or_404(found.select_related("project"), pk=pk)
        if sent(DryRunSerializer, request)["dry_run"]:
            report = bulk.preview_undo(undone, actor=request.user)
            return Response(report_body("undo", report, dry_run=True))
        return bulk_answer("undo", bulk.undo(undone, actor=request.user))
