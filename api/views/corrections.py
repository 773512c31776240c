"""What changed since a review, what fixes corrected, and how often which label became which."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from reviews import corrections
from reviews.changed_since import changed_since
from reviews.models import Correction
from tasks.errors import Refused
from tasks.models import Annotation, Project
from tasks.sql import bounded_reads
from users.models import User
from users.sentences import sentence as _

from ..filters.lists import AnnotationCorrectionFilter, CorrectionFilter
from ..filters.parameters import id_from
from ..openapi.headers import FILE_NAME
from ..pagination import GroupPages, Pages
from ..serializers.corrections import (
    AcknowledgedSerializer,
    ChangedSinceSerializer,
    ConfusionSerializer,
    CorrectionSerializer,
)
from .base import ViewSet, project_for, visible
from .known_parameters import APIView
from .tables import csv_answer

FORMATS = ("JSON", "CSV")
COLUMNS = ("annotator", "annotator_email", "control", "label_from", "label_to", "count")


class Changes(APIView):
    @extend_schema(
        operation_id="annotations_changes",
        parameters=[
            OpenApiParameter("since", int, description="A history row; by default the version last reviewed.")
        ],
        responses=ChangedSinceSerializer,
    )
    def get(self, request, pk: int):
        """What changed in an annotation since it was last reviewed."""
        annotation = visible(Annotation.objects.all(), request, pk)
        since = id_from(request.query_params.get("since"), "since")
        return Response(ChangedSinceSerializer(changed_since(annotation, since)).data)


class CorrectionViewSet(ViewSet):
    """The corrections of one's own annotations."""

    queryset = Correction.objects.all()
    serializer_class = CorrectionSerializer
    filterset_class = CorrectionFilter
    pagination_class = Pages

    @extend_schema(responses=CorrectionSerializer(many=True))
    def list(self, request):
        """What reviewers corrected in your annotations, newest first, without undone fixes."""
        return self.page_of(self.filter_queryset(corrections.feed(request.user)))

    @extend_schema(request=None, responses=CorrectionSerializer)
    def acknowledge(self, request, pk=None):
        """Mark a correction of your own annotation as seen. May be repeated."""
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
        """What fixes changed in it, newest first.

        `include_undone=true` includes undone and replaced fixes.
        """
        annotation = visible(Annotation.objects, request, annotation_pk)
        found = corrections.readable(self.get_queryset().filter(annotation=annotation))
        return self.page_of(self.filter_queryset(found))


class AcknowledgeAll(APIView):
    @extend_schema(
        operation_id="projects_corrections_acknowledge", request=None, responses=AcknowledgedSerializer
    )
    def post(self, request, pk: int):
        """Mark all corrections of your annotations in this project as seen."""
        project = visible(Project.objects, request, pk)
        return Response({"acknowledged": corrections.acknowledge_all(project, actor=request.user)})


class Confusion(ViewSet):
    queryset = Correction.objects.all()
    serializer_class = ConfusionSerializer
    pagination_class = GroupPages

    @extend_schema(
        operation_id="projects_corrections_confusion",
        parameters=[
            OpenApiParameter("export_type", str, enum=FORMATS, description="CSV: the whole table as a file."),
            FILE_NAME,
        ],
        responses={
            (200, "application/json"): ConfusionSerializer(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    def list(self, request, project_pk=None):
        """How often which label of which annotator became which, most frequent first (managers)."""
        project = project_for(request, "manage_project", project_pk)
        groups = corrections.confusion(project)
        as_file = _is_csv(request.query_params.get("export_type", "JSON"))
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            # The file is the whole table, not a page of it.
            page = list(groups) if as_file else self.paginate_queryset(groups) or []
        people = corrections.people_of(page)
        if as_file:
            return _as_file(project, page, people)
        return self.get_paginated_response(
            ConfusionSerializer(page, many=True, context={"people": people}).data
        )


def _is_csv(format_name: str) -> bool:
    if format_name not in FORMATS:
        detail = _(
            "There is no table as %(format_name)s. There is: %(formats)s.",
            format_name=format_name[:40],
            formats=", ".join(FORMATS),
        )
        raise Refused("unknown_format", detail, field="export_type")
    return format_name == "CSV"


def _as_file(project: Project, groups: list[dict[str, Any]], people: dict[int, User]) -> HttpResponse:
    rows = [group | {"annotator_email": people[group["annotator"]].email} for group in groups]
    name = f"project-{project.pk}-confusion.csv"
    return csv_answer(name, COLUMNS, [[row[column] for column in COLUMNS] for row in rows])
