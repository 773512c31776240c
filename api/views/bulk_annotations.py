"""Many annotations in one request."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.response import Response

from tasks.errors import Refused
from tasks.models import Annotation, Task
from tasks.services import annotations
from users.sentences import sentence as _

from ..serializers.annotations import WorkSerializer
from .annotations import work_of
from .base import sent
from .known_parameters import APIView

MANY = 1000
IDS = serializers.ListField(
    child=serializers.IntegerField(min_value=1, max_value=2**62), min_length=1, max_length=MANY
)


class ChosenSerializer(serializers.Serializer):
    all = serializers.BooleanField(default=False)
    included = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=MANY
    )
    excluded = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=MANY
    )


class BulkWorkSerializer(WorkSerializer):
    """One result for many tasks: `tasks` by id, or `selected_items` of `project`."""

    tasks = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**62), required=False, max_length=MANY
    )
    selected_items = ChosenSerializer(required=False, allow_null=True)
    project = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=2**62)


class BulkAnnotations(APIView):
    @extend_schema(
        operation_id="annotations_bulk_create",
        request=BulkWorkSerializer,
        responses={201: inline_serializer("NewAnnotation", {"id": serializers.IntegerField()}, many=True)},
    )
    def post(self, request):
        """Submit the same annotation to many tasks of one project: to all of them or to none."""
        body = sent(BulkWorkSerializer, request)
        chosen = _chosen(request, body)
        work = work_of(body, WorkSerializer, request)
        entries = [(task, annotations.Work(**work, bulk_created=True)) for task in chosen]
        made = annotations.submit_many(entries, actor=request.user)
        return Response([{"id": annotation.pk} for annotation in made], status=status.HTTP_201_CREATED)


def _chosen(request, body) -> list[Task]:
    """The tasks named, all of which the person sees, of one project."""
    found = Task.objects.visible_to(request.user).select_related("project").order_by("pk")
    selection = body.get("selected_items")
    if selection and body.get("project"):
        chosen = _selected(found.filter(project=body["project"]), selection)
    else:
        ids = body.get("tasks") or (selection or {}).get("included") or []
        chosen = list(found.filter(pk__in=ids))
        if len(chosen) != len(set(ids)):
            raise Refused(
                "not_found",
                _("Some of these tasks do not exist for you. Nothing was created."),
                field="tasks",
            )
    if not chosen:
        raise Refused(
            "nothing_selected",
            _("Name the tasks: as tasks, or as selected_items of a project."),
            field="tasks",
        )
    if len({task.project_id for task in chosen}) > 1:
        raise Refused("several_projects", _("Name tasks of one project only."), field="tasks")
    return chosen


def _selected(found, selection) -> list[Task]:
    if selection["all"]:
        found = found.exclude(pk__in=selection.get("excluded") or [])
    else:
        found = found.filter(pk__in=selection.get("included") or [])
    chosen = list(found[: MANY + 1])
    if len(chosen) > MANY:
        raise Refused(
            "selection_too_large",
            _("At most %(many)s tasks at once. Name them in parts.", many=MANY),
            field="selected_items",
        )
    return chosen


class BulkDeletionSerializer(serializers.Serializer):
    ids = IDS
    project = serializers.IntegerField(min_value=1, max_value=2**62)


class BulkDeletion(APIView):
    @extend_schema(
        operation_id="annotations_bulk_delete",
        request=BulkDeletionSerializer,
        responses=inline_serializer("DeletedAnnotations", {"deleted_count": serializers.IntegerField()}),
    )
    def post(self, request):
        """Delete annotations of one project: all of them or, where one may not be, none."""
        body = sent(BulkDeletionSerializer, request)
        mine = Annotation.objects.visible_to(request.user).filter(project=body["project"], pk__in=body["ids"])
        ids = list(mine.values_list("pk", flat=True))
        return Response({"deleted_count": annotations.delete_many(ids, actor=request.user)})
