"""The progress and result of an import, and predictions imported later."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.response import Response

from exchange.importing import long_imports
from exchange.importing.known_keys import PREDICTION_KEYS
from tasks.errors import Refused
from tasks.known_names import KnownKeys
from tasks.models import Import, Project, Task
from tasks.services import tasks
from tasks.services.cleanup import delete_import
from users.sentences import sentence as _

from ..filters.parameters import boolean_parameter
from ..pagination import Pages
from ..serializers.annotations import FiniteFloatField, ResultField
from ..serializers.imports import (
    ImportStateSerializer,
    ListedImportSerializer,
    import_body,
    listed_bodies,
)
from .base import ViewSet, project_for, require
from .known_parameters import APIView

MANY = 10_000


class ImportStatus(APIView):
    @extend_schema(operation_id="projects_imports_retrieve", responses=OpenApiTypes.OBJECT)
    def get(self, request, pk: int, import_pk: int):
        """An import, its progress and its tasks."""
        project = project_for(request, "import", pk)
        record = get_object_or_404(Import.objects.filter(project=project), pk=import_pk)
        ids = (
            Task.objects.filter(imported_by=record, deleted_at=None)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        return Response(import_body(record, long_imports.job_of(record)) | {"task_ids": list(ids)})


class ImportViewSet(ViewSet):
    queryset = Import.objects.all()
    serializer_class = ListedImportSerializer
    pagination_class = Pages

    def get_queryset(self):
        # The schema is built without a project in the URL.
        if getattr(self, "swagger_fake_view", False):
            return Import.objects.none()
        return Import.objects.filter(project=project_for(self.request, "import", self.kwargs["pk"]))

    @extend_schema(operation_id="projects_imports_list")
    def list(self, request, **_: Any) -> Response:
        """The imports of a project (managers), newest first. `DELETE /api/imports/{id}/` takes one back."""
        return self.page_of(self.get_queryset(), bodies_of=listed_bodies)


class ImportedView(APIView):
    @extend_schema(operation_id="imports_retrieve", responses=ImportStateSerializer)
    def get(self, request, pk: int):
        """The progress and result of an import."""
        record = self._import(request, pk)
        return Response(import_body(record, long_imports.job_of(record)))

    @extend_schema(
        operation_id="imports_take_back",
        parameters=[
            OpenApiParameter("force", bool, description="Also if others have worked on its tasks since.")
        ],
        responses={204: OpenApiResponse(description="Its tasks are deleted; restorable for 30 days.")},
    )
    def delete(self, request, pk: int):
        """Cancel an import, or delete its tasks if it is complete.

        Refused if other people have worked on them, unless forced.
        """
        record = self._import(request, pk)
        if not long_imports.cancel(record):
            delete_import(record, actor=request.user, force=boolean_parameter(request, "force"))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _import(self, request, pk: int) -> Import:
        mine = Import.objects.select_related("project").filter(
            project__in=Project.objects.visible_to(request.user)
        )
        record = get_object_or_404(mine, pk=pk)
        require(request, "import", record.project)
        return record


class NewPredictionSerializer(KnownKeys, serializers.Serializer):
    task = serializers.IntegerField(min_value=1, max_value=2**62)
    result = ResultField()
    score = FiniteFloatField(required=False, allow_null=True)
    model_version = serializers.CharField(required=False, allow_null=True, allow_blank=True, max_length=255)
    read_keys = PREDICTION_KEYS  # of an export, and of the SDK


def _rows(body: Any) -> list[dict[str, Any]]:
    if isinstance(body, list) and len(body) > MANY:
        raise Refused(
            "too_many",
            _("At most %(many)s predictions at once. Send them in parts.", many=MANY),
            field="task",
        )
    sent = NewPredictionSerializer(data=body, many=True)
    sent.is_valid(raise_exception=True)
    return [dict(row) for row in sent.validated_data]


class ImportPredictions(APIView):
    @extend_schema(
        operation_id="projects_import_predictions",
        request=NewPredictionSerializer(many=True),
        responses={201: inline_serializer("ImportedPredictions", {"created": serializers.IntegerField()})},
    )
    def post(self, request, pk: int):
        """Predictions for tasks of this project (managers): all of them or none."""
        project = project_for(request, "import", pk)
        rows = _rows(request.data)
        present = Task.objects.filter(project=project, deleted_at=None, pk__in=[row["task"] for row in rows])
        known = set(present.values_list("pk", flat=True))
        if unknown := next((row["task"] for row in rows if row["task"] not in known), None):
            raise Refused(
                "unknown_task",
                _("This project has no task %(unknown)s. Nothing was imported.", unknown=unknown),
                field="task",
            )
        made = tasks.save_predictions(rows, actor=request.user)
        return Response({"created": made}, status=status.HTTP_201_CREATED)
