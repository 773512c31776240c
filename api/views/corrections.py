"""What changed since a verdict, what fixes corrected, and what leads read from it."""

import csv
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response
from rest_framework.views import APIView

from exchange.exporting.formats import cell
from reviews import corrections
from reviews.changed_since import changed_since
from reviews.models import Correction
from tasks.errors import Refused
from tasks.models import Annotation, Project
from tasks.sql import bounded_reads
from users.models import User

from ..filters.lists import AnnotationCorrectionFilter, CorrectionFilter
from ..pagination import GroupPages, Pages, whole
from ..serializers.corrections import (
    AcknowledgedSerializer,
    ConfusionSerializer,
    CorrectionSerializer,
    SinceSerializer,
)
from .base import ViewSet, project_for, visible

LARGEST_ID = 2**63 - 1
FORMATS = ("JSON", "CSV")
COLUMNS = ("annotator", "annotator_email", "control", "label_from", "label_to", "count")


class Changes(APIView):
    @extend_schema(
        operation_id="annotations_changes",
        parameters=[
            OpenApiParameter("since", int, description="A history row; without it the version last judged.")
        ],
        responses=SinceSerializer,
    )
    def get(self, request, pk: int):
        """What changed in an annotation since it was last judged."""
        annotation = visible(Annotation.objects.all(), request, pk)
        since = (
            whole(request.query_params, "since", 0, most=LARGEST_ID)
            if "since" in request.query_params
            else None
        )
        return Response(SinceSerializer(changed_since(annotation, since)).data)


class CorrectionViewSet(ViewSet):
    """The corrections of one's own work."""

    queryset = Correction.objects.all()
    serializer_class = CorrectionSerializer
    filterset_class = CorrectionFilter
    pagination_class = Pages

    @extend_schema(responses=CorrectionSerializer(many=True))
    def list(self, request):
        """What reviewers corrected in my work, newest first. Fixes taken back are left out."""
        return self.page_of(self.filter_queryset(corrections.feed(request.user)))

    @extend_schema(request=None, responses=CorrectionSerializer)
    def acknowledge(self, request, pk=None):
        """Seen. Only the one whose work it was can say so; again is fine."""
        correction = visible(corrections.readable(Correction.objects.all()), request, pk)
        return Response(self.get_serializer(corrections.acknowledge(correction, actor=request.user)).data)


class AnnotationCorrectionViewSet(ViewSet):
    """The corrections of one annotation."""

    queryset = Correction.objects.order_by("-id")
    serializer_class = CorrectionSerializer
    filterset_class = AnnotationCorrectionFilter
    pagination_class = Pages

    @extend_schema(operation_id="annotations_corrections", responses=CorrectionSerializer(many=True))
    def list(self, request, annotation_pk=None):
        """What fixes changed in it, newest first; those of fixes taken back or given anew only with `include_undone=true`."""
        annotation = visible(Annotation.objects, request, annotation_pk)
        found = corrections.readable(self.get_queryset().filter(annotation=annotation))
        return self.page_of(self.filter_queryset(found))


class AcknowledgeAll(APIView):
    @extend_schema(
        operation_id="projects_corrections_acknowledge", request=None, responses=AcknowledgedSerializer
    )
    def post(self, request, pk: int):
        """Everything in my feed from this project is seen."""
        project = visible(Project.objects, request, pk)
        return Response({"acknowledged": corrections.acknowledge_all(project, actor=request.user)})


class Confusion(ViewSet):
    queryset = Correction.objects.all()
    serializer_class = ConfusionSerializer
    pagination_class = GroupPages

    @extend_schema(
        operation_id="projects_corrections_confusion",
        parameters=[
            OpenApiParameter("export_type", str, enum=FORMATS, description="CSV: the whole table as a file.")
        ],
        responses={
            (200, "application/json"): ConfusionSerializer(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def list(self, request, project_pk=None):
        """How often which label of whom became which, most often first. For leads."""
        project = project_for(request, "manage_project", project_pk)
        groups = corrections.confusion(project)
        as_file = _format(request.query_params.get("export_type", "JSON")) == "CSV"
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            page = list(groups) if as_file else self.paginate_queryset(groups)
        people = corrections.people_of(page)
        if as_file:
            return _table(project, page, people)
        return self.get_paginated_response(
            ConfusionSerializer(page, many=True, context={"people": people}).data
        )


def _format(asked: str) -> str:
    if asked in FORMATS:
        return asked
    raise Refused(
        "unknown_format", f"There is no table as {asked[:40]}. There is: JSON, CSV.", field="export_type"
    )


def _table(project: Project, groups: list[dict[str, Any]], people: dict[int, User]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="project-{project.pk}-confusion.csv"'
    writer = csv.writer(response)
    writer.writerow(COLUMNS)
    for group in groups:
        row = group | {"annotator_email": people[group["annotator"]].email}
        writer.writerow([cell(row[name]) for name in COLUMNS])
    return response
