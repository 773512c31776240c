"""Projects and their progress."""

from dataclasses import asdict

from django.db.models import F
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from reviews.inbox.in_progress import work_in_progress
from tasks.labelconfig import require_valid
from tasks.models import Project, Task
from tasks.progress import progress_of
from tasks.services import label_configs, projects, tasks

from ..filters.lists import ProjectFilter
from ..filters.parameters import DELETED, INCLUDE, boolean_from, boolean_parameter, included_fields
from ..openapi.headers import ETAG, IF_MATCH, IF_NONE_MATCH, answered
from ..pagination import PAGE, PAGE_SIZE, START, OldTaskPages, ProjectPages
from ..serializers.members import MembershipSerializer
from ..serializers.projects import (
    LabelConfigSerializer,
    ProgressSerializer,
    ProjectChangeSerializer,
    ProjectCountsSerializer,
    ProjectSerializer,
    ValidLabelConfigSerializer,
)
from ..serializers.task_rows import (
    OneTaskSerializer,
    TaskOfProjectSerializer,
    one_task,
    tasks_of_project,
)
from ..serializers.tasks import NewTaskOfProjectSerializer
from .base import ViewSet, require, sent, visible, with_etag
from .conditional import UNCHANGED, conditional
from .known_parameters import APIView

FORCE = OpenApiParameter(
    "force",
    bool,
    description="Accept a label configuration that existing annotations do not fit. Also in the body.",
)


def _is_forced(request) -> bool:
    return boolean_from(request.query_params.get("force", request.data.get("force")), "force")


class ProjectViewSet(ViewSet):
    queryset = Project.objects.select_related("created_by").order_by(
        F("pinned_at").desc(nulls_last=True), "-id"
    )
    serializer_class = ProjectSerializer
    pagination_class = ProjectPages
    filterset_class = ProjectFilter

    def get_serializer_context(self):
        included = included_fields(self.request) if self.request.method == "GET" else []
        return {**super().get_serializer_context(), "include": included}

    @extend_schema(parameters=[INCLUDE, DELETED], responses=ProjectSerializer(many=True))
    def list(self, request):
        """The projects you see: pinned ones first, then the newest.

        `deleted=true`: instead those that you may restore.
        """
        found = self.get_queryset()
        if boolean_parameter(request, "deleted"):
            found = self.queryset.all().deleted_for(request.user)
        return self.page_of(self.filter_queryset(found))

    @extend_schema(request=ProjectChangeSerializer, responses={201: ProjectSerializer}, parameters=[ETAG])
    def create(self, request):
        """A new project. You become its manager. Without a title it is called "New Project #n"."""
        project = projects.create(actor=request.user, **sent(ProjectChangeSerializer, request))
        body = self.get_serializer(project).data
        return with_etag(Response(body, status=status.HTTP_201_CREATED), project)

    @extend_schema(
        parameters=[INCLUDE, IF_NONE_MATCH, ETAG], responses={200: ProjectSerializer, 304: UNCHANGED}
    )
    def retrieve(self, request, pk=None):
        project = self.get_object()
        return conditional(request, with_etag(Response(self.get_serializer(project).data), project))

    @extend_schema(
        request=ProjectChangeSerializer, responses=ProjectSerializer, parameters=[FORCE, IF_MATCH, ETAG]
    )
    def partial_update(self, request, pk=None):
        """Change settings (managers). `review_settings` and `assignment_settings` may be nested.

        A `label_config` without a control or label in use is refused with counts, unless `force` is sent.
        """
        project = self.get_object()
        require(request, "manage_project", project)
        changes = sent(ProjectChangeSerializer, request, partial=True)
        project = projects.update(
            project,
            changes,
            actor=request.user,
            force=_is_forced(request),
            if_match=request.headers.get("If-Match"),
        )
        return with_etag(Response(self.get_serializer(project).data), project)

    @extend_schema(
        parameters=[IF_MATCH],
        responses={204: OpenApiResponse(description="Deleted; restorable for 30 days.")},
    )
    def destroy(self, request, pk=None):
        project = self.get_object()
        require(request, "manage_project", project)
        projects.delete(project, actor=request.user, if_match=request.headers.get("If-Match"))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(parameters=[INCLUDE], responses=ProjectCountsSerializer(many=True))
    @action(detail=False, methods=["get"])
    def counts(self, request):
        """The totals of the projects you see, in pages."""
        return self.page_of(self.filter_queryset(self.get_queryset()), ProjectCountsSerializer)

    @extend_schema(
        operation_id="projects_validate_any",
        request=LabelConfigSerializer,
        responses={204: OpenApiResponse(description="It is valid.")},
    )
    @action(detail=False, methods=["post"], url_path="validate", url_name="validate-any")
    def validate_any(self, request):
        """Whether this is a label configuration. 400 says what is wrong."""
        require_valid(sent(LabelConfigSerializer, request)["label_config"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=LabelConfigSerializer, responses=ValidLabelConfigSerializer, parameters=[FORCE])
    @action(detail=True, methods=["post"], url_path="validate")
    def validate_config(self, request, pk=None):
        """Whether the project could have this label configuration (managers).

        400 says what is wrong, and which annotations would not fit (unless `force` is sent).
        """
        project = self.get_object()
        require(request, "manage_project", project)
        config = sent(LabelConfigSerializer, request)["label_config"]
        require_valid(config)
        changed = label_configs.differs(config, project.label_config)
        if changed and not _is_forced(request):
            label_configs.refuse_orphans(project, config)
        return Response({"label_config": config, "config_essential_data_has_changed": changed})

    @extend_schema(
        methods=["get"],
        operation_id="projects_tasks_list",
        parameters=[PAGE, PAGE_SIZE, START, answered("Link", 'The next page, as `<…>; rel="next"`.')],
        responses=TaskOfProjectSerializer(many=True),
    )
    @extend_schema(
        methods=["post"],
        request=NewTaskOfProjectSerializer,
        responses={200: OneTaskSerializer, 201: OneTaskSerializer},
        parameters=[ETAG],
    )
    @extend_schema(
        methods=["delete"],
        responses={204: OpenApiResponse(description="Every task of the project is deleted.")},
    )
    @action(
        detail=True,
        methods=["get", "post", "delete"],
        url_path="tasks",
        pagination_class=OldTaskPages,
        filterset_class=None,
    )
    def tasks(self, request, pk=None):
        """GET lists the tasks you see with their annotations, newest first, as plain pages of 50; prefer
        `/api/tasks/?project=`. POST creates one task, DELETE deletes all of them (managers)."""
        project = self.get_object()
        if request.method == "GET":
            found = Task.objects.visible_to(request.user).offered_to(request.user).filter(project=project)
            found = found.prefetch_related("project", "assignments").order_by("-id")
            return self.page_of(found, bodies_of=tasks_of_project)
        if request.method == "POST":
            require(request, "import", project)
            task, is_new = tasks.create_once(
                project, actor=request.user, **sent(NewTaskOfProjectSerializer, request)
            )
            code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
            return Response(one_task(task, request.user), status=code)
        require(request, "manage_project", project)
        # Managers see every task of their project, so visible_to would change nothing.
        everything = Task.objects.filter(project=project, deleted_at=None).values_list("pk", flat=True)
        tasks.delete_many(project, list(everything), actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=MembershipSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def roles(self, request, pk=None):
        """The roles of this project's members."""
        rows = self.get_object().memberships.all()[:10_000]
        return Response(MembershipSerializer(rows, many=True, context=self.get_serializer_context()).data)


class ProjectProgress(APIView):
    @extend_schema(operation_id="projects_progress", responses=ProgressSerializer)
    def get(self, request, pk: int):
        """How far the project is; to an annotator, how far their own work is."""
        project = visible(Project.objects, request, pk)
        progress = progress_of([project], request.user)[project.pk]
        now = work_in_progress(project, request.user)
        counts = {
            **asdict(progress),
            **asdict(now),
            "percent": progress.percent,
            "is_estimate": now.is_estimate,
        }
        return Response(ProgressSerializer({"project": project.pk, **counts}).data)
