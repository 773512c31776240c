"""Who made the predictions of a project."""

from django.conf import settings
from django.db.models import Count, Max
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from tasks.models import Prediction
from tasks.services import tasks
from tasks.sql import bounded_reads
from users.sentences import sentence as _

from ..filters.parameters import boolean_parameter
from ..pagination import whole_number
from ..serializers.values import wire_time
from .base import project_for, sent
from .known_parameters import APIView

MOST_VERSIONS = 1000
MOST_TASKS_AT_ONCE = 20_000
TASKS_A_STEP = 1000


class ModelVersionSerializer(serializers.Serializer):
    model_version = serializers.CharField(max_length=256)


class DeletedPredictionsSerializer(serializers.Serializer):
    deleted_predictions = serializers.IntegerField()


class ModelVersions(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("extended", bool, description="Lists of objects instead: `{static, live}`."),
            OpenApiParameter(
                "include_live_models",
                bool,
                description="`live` is always empty: there are no ML backends here.",
            ),
            OpenApiParameter("limit", int, description="At most this many, the newest ones."),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request, pk: int):
        """The models that predicted, each with the number of its predictions: `{version: number}`."""
        project = project_for(request, "view_all_annotations", pk)
        limit = whole_number(request.query_params, "limit", MOST_VERSIONS, most=MOST_VERSIONS)
        rows = Prediction.objects.filter(project=project, task__deleted_at=None).values("model_version")
        counted = rows.annotate(count=Count("pk"), latest=Max("created_at")).order_by(
            "-latest", "model_version"
        )
        with bounded_reads(settings.STATEMENT_TIMEOUT_MS):
            found = list(counted[:limit])
        if not boolean_parameter(request, "extended"):
            return Response({row["model_version"]: row["count"] for row in found})
        static = [row | {"latest": wire_time(row["latest"])} for row in found]
        return Response(
            {"static": static, "live": [] if boolean_parameter(request, "include_live_models") else None}
        )

    @extend_schema(request=ModelVersionSerializer, responses=DeletedPredictionsSerializer)
    def delete(self, request, pk: int):
        """Delete every prediction of a model, permanently (managers)."""
        project = project_for(request, "manage_project", pk)
        version = sent(ModelVersionSerializer, request)["model_version"]
        chosen = Prediction.objects.filter(project=project, model_version=version, task__deleted_at=None)
        ids = sorted(set(chosen.values_list("task_id", flat=True)[: MOST_TASKS_AT_ONCE + 1]))
        if len(ids) > MOST_TASKS_AT_ONCE:
            raise ValidationError(
                {
                    "model_version": [
                        _(
                            "It predicted more than %(most)s tasks. Delete its predictions in the "
                            "data manager: filter by it, select all, and use Delete predictions.",
                            most=MOST_TASKS_AT_ONCE,
                        )
                    ]
                }
            )
        steps = (ids[start : start + TASKS_A_STEP] for start in range(0, len(ids), TASKS_A_STEP))
        deleted = sum(
            tasks.delete_predictions(project, some, actor=request.user, model_version=version)
            for some in steps
        )
        return Response({"deleted_predictions": deleted})
