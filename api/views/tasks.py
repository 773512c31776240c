"""Tasks, drafts and predictions."""

from typing import Any

from django.db.models import Q
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.response import Response

from reviews.task_table.query import parse_json_text
from reviews.task_table.selection import parse_selection
from tasks.models import Annotation, Draft, Prediction, Project, Task
from tasks.own_work import totals_of_list
from tasks.roles import may
from tasks.services import drafts, tasks
from tasks.totals import totals_of

from ..filters import task_table
from ..filters.lists import PredictionFilter, TaskFilter
from ..filters.parameters import (
    DELETED,
    INCLUDE,
    boolean_parameter,
    choice_from,
    included_fields,
    refuse_unknown_fields,
)
from ..openapi.headers import ETAG, IF_MATCH, IF_NONE_MATCH
from ..pagination import COUNT_LIMIT, LongList, TaskPages
from ..serializers.annotations import DraftSerializer, PredictionSerializer
from ..serializers.cut import refuse_cut
from ..serializers.task_rows import (
    OneTaskSerializer,
    TableTaskSerializer,
    TaskOfListSerializer,
    one_task,
    table_rows,
)
from ..serializers.tasks import (
    ListedTaskSerializer,
    NewTaskSerializer,
    TaskChangeSerializer,
    TaskSerializer,
    listed_tasks,
)
from .base import ViewSet, project_for, require, sent, user_of, visible, with_etag
from .conditional import UNCHANGED, conditional

GONE = {204: OpenApiResponse(description="Deleted.")}
WHOLE = ("all", "task_only")
FIELDS = OpenApiParameter(
    "fields",
    str,
    enum=WHOLE,
    description="`all` brings annotations, predictions and your drafts.",
)
TABLE = [
    OpenApiParameter("view", int, description="A saved view of the data manager: its filters and order."),
    OpenApiParameter("query", str, description="JSON: {filters, ordering, selectedItems}, with `project`."),
    OpenApiParameter("selectedItems", str, description="JSON: {all, included} or {all, excluded}, ids."),
]
UNFILTERED = {"project", "page", "page_size", "fields", "include", "ordering", "resolve_uri", "interaction"}


class TaskViewSet(ViewSet):
    queryset = Task.objects.select_related("project").order_by("id")
    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    pagination_class = TaskPages
    everything_of = None  # the project whose tasks a view or query lists without leaving any out

    @extend_schema(responses=TaskOfListSerializer(many=True), parameters=[FIELDS, INCLUDE, DELETED, *TABLE])
    def list(self, request):
        """Tasks you see, with counters. Filtered by plain parameters or by the data manager's queries.

        Values of more than 4,096 characters in `data` are cut; `cut` names them. `fields=all`, `view` and
        `query` bring them whole, with annotations. `deleted=true`: instead tasks that were deleted, for
        managers.
        """
        included = included_fields(request)
        refuse_unknown_fields(included, [*TableTaskSerializer.Meta.fields, "cut"])
        fields = choice_from(request, "fields", WHOLE)
        query, project = task_table.listed(request)
        self.everything_of = project if query is not None and query.is_unrestricted else None
        if boolean_parameter(request, "deleted"):
            found = self.queryset.all().deleted_for(request.user)
        else:
            found = self.get_queryset().offered_to(request.user)
        found = self.filter_queryset(found)
        # Not the project joined to each task: on most pages it is the same one, and it is large.
        found = found.select_related(None).prefetch_related("project", "assignments")
        if query is not None:
            found = query.apply(found.filter(project=project))
        found = _selected(found, request.query_params.get("selectedItems"))
        full = query is not None or fields == "all"
        if included:
            full = not set(included) <= set(ListedTaskSerializer.Meta.fields)
        answer = self.page_of(found, bodies_of=table_rows if full else listed_tasks)
        if included:
            answer.data["tasks"] = [
                {name: row[name] for name in included if name in row} for row in answer.data["tasks"]
            ]
        return answer

    def stored_totals(self) -> dict[str, int] | None:
        """Stored totals, for a list of all tasks of one project by somebody who sees all of them."""
        params = self.request.query_params
        known = {"view", "query"} if self.everything_of else set()
        project = str(self.everything_of.pk) if self.everything_of else params.get("project", "")
        if (
            not project.isdecimal()
            or params.keys() - UNFILTERED - known
            or not self._offered_everything(int(project))
        ):
            return None
        return totals_of([int(project)])[int(project)]

    def counted_totals(self, tasks) -> dict[str, int]:
        return totals_of_list(tasks, user_of(self.request), most=COUNT_LIMIT + 1)

    def _offered_everything(self, project: int) -> bool:
        user = user_of(self.request)
        if may(user, "manage_project", project):
            return True
        held_back = Q(review_only_manual_assignments=True) | Q(only_finished_tasks=True)
        return (
            may(user, "view_all_annotations", project)
            and not Project.objects.filter(held_back, pk=project).exists()
        )

    @extend_schema(
        request=NewTaskSerializer,
        responses={200: OneTaskSerializer, 201: OneTaskSerializer},
        parameters=[ETAG],
    )
    def create(self, request):
        """A new task (managers). Sent again with its `unique_id`, it is 200 with the first."""
        body = sent(NewTaskSerializer, request)
        project = project_for(request, "import", body.pop("project"))
        task, is_new = tasks.create_once(project, actor=request.user, **body)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return self._answer(task.pk, code)

    @extend_schema(responses={200: OneTaskSerializer, 304: UNCHANGED}, parameters=[IF_NONE_MATCH, ETAG])
    def retrieve(self, request, pk=None):
        return conditional(request, self._answer(pk))

    @extend_schema(request=TaskChangeSerializer, responses=OneTaskSerializer, parameters=[IF_MATCH, ETAG])
    def partial_update(self, request, pk=None):
        """Change a task (managers). New `data` makes standing verdicts on it outdated."""
        task = self.get_object()
        require(request, "manage_project", task.project)
        changes = sent(TaskChangeSerializer, request, partial=True)
        refuse_cut(changes.get("data"), task.data)
        tasks.update(task.pk, changes, actor=request.user, if_match=request.headers.get("If-Match"))
        return self._answer(task.pk)

    @extend_schema(responses=GONE, parameters=[IF_MATCH])
    def destroy(self, request, pk=None):
        task = self.get_object()
        require(request, "manage_project", task.project)
        if_match = request.headers.get("If-Match")
        tasks.delete_many(task.project, [task.pk], actor=request.user, if_match=if_match)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, pk: int, code: int = status.HTTP_200_OK) -> Response:
        reader = user_of(self.request)
        task = get_object_or_404(self.get_queryset().prefetch_related("assignments"), pk=pk)
        answer = Response(one_task(task, reader), status=code)
        # It changes with everybody's work, which annotators are not told of.
        return with_etag(answer, task) if may(reader, "view_all_annotations", task.project_id) else answer


def _selected(tasks: Any, sent: str | None) -> Any:
    selection = parse_json_text(sent, "selectedItems")
    if selection is None:
        return tasks
    chosen = parse_selection(selection)
    if not chosen.ids:
        return tasks if chosen.all else tasks.none()
    return tasks.filter(chosen.condition())


class TaskDraftViewSet(ViewSet):
    """Your drafts on a task, or on an annotation of it."""

    queryset = Draft.objects.select_related("user", "task__project").order_by("id")
    serializer_class = DraftSerializer
    pagination_class = None

    @extend_schema(responses=DraftSerializer(many=True))
    def list(self, request, task_pk=None, annotation_pk=None):
        found = self.get_queryset().filter(task=visible(Task.objects, request, task_pk))
        if annotation_pk:
            found = found.filter(
                annotation=visible(Annotation.objects.filter(task_id=task_pk), request, annotation_pk)
            )
        return Response(self.get_serializer(found, many=True).data)

    @extend_schema(request=DraftSerializer, responses={201: DraftSerializer})
    def create(self, request, task_pk=None, annotation_pk=None):
        """Save unsubmitted work. It remembers the version it began on."""
        task = visible(Task.objects.select_related("project"), request, task_pk)
        annotation = (
            visible(Annotation.objects.filter(task=task), request, annotation_pk) if annotation_pk else None
        )
        draft = drafts.save(task, actor=request.user, annotation=annotation, **sent(DraftSerializer, request))
        return Response(self.get_serializer(draft).data, status=status.HTTP_201_CREATED)


class DraftViewSet(ViewSet):
    queryset = Draft.objects.select_related("user", "task__project")
    serializer_class = DraftSerializer

    @extend_schema(responses=DraftSerializer)
    def retrieve(self, request, pk=None):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=DraftSerializer, responses=DraftSerializer)
    def partial_update(self, request, pk=None):
        draft = drafts.change(self.get_object(), **sent(DraftSerializer, request, partial=True))
        return Response(self.get_serializer(draft).data)

    @extend_schema(responses=GONE)
    def destroy(self, request, pk=None):
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class PredictionViewSet(ViewSet):
    queryset = Prediction.objects.order_by("id")
    serializer_class = PredictionSerializer
    filterset_class = PredictionFilter
    pagination_class = LongList

    @extend_schema(responses=PredictionSerializer(many=True))
    def list(self, request):
        return self.page_of(self.filter_queryset(self.get_queryset()))

    @extend_schema(responses=PredictionSerializer)
    def retrieve(self, request, pk=None):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=PredictionSerializer, responses={201: PredictionSerializer})
    def create(self, request):
        """A model's answer to a task (managers)."""
        body = sent(PredictionSerializer, request)
        task = visible(Task.objects.select_related("project"), request, body.pop("task").pk)
        require(request, "import", task.project)
        prediction = tasks.save_prediction(task, actor=request.user, **body)
        return Response(self.get_serializer(prediction).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PredictionSerializer, responses=PredictionSerializer)
    def partial_update(self, request, pk=None):
        prediction = self.get_object()
        require(request, "import", prediction.project_id)
        changes = sent(PredictionSerializer, request, partial=True)
        changes.pop("task", None)
        prediction = tasks.save_prediction(
            prediction.task, actor=request.user, prediction=prediction, **changes
        )
        return Response(self.get_serializer(prediction).data)

    @extend_schema(responses=GONE)
    def destroy(self, request, pk=None):
        prediction = self.get_object()
        require(request, "import", prediction.project_id)
        tasks.delete_prediction(prediction, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
