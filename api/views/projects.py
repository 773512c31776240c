"""Projects and their progress."""

from dataclasses import asdict

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
from ..filters.parameters import boolean_from
from ..pagination import ProjectPages
from ..serializers.members import MembershipSerializer
from ..serializers.projects import (
    LabelConfigSerializer,
    ProgressSerializer,
    ProjectChangeSerializer,
    ProjectCountsSerializer,
    ProjectSerializer,
    ValidLabelConfigSerializer,
)
from ..serializers.task_rows import OneTaskSerializer, one_task
from ..serializers.tasks import NewTaskOfProjectSerializer
from .base import ViewSet, require, sent, visible
from .known_parameters import APIView

FORCE = OpenApiParameter(
    "force",
    bool,
    description="Accept a label configuration that existing annotations do not fit. Also in the body.",
)


def _is_forced(request) -> bool:
    return boolean_from(request.query_params.get("force", request.data.get("force")), "force")


class ProjectViewSet(ViewSet):
    queryset = Project.objects.select_related("created_by").order_by("-id")
    serializer_class = ProjectSerializer
    pagination_class = ProjectPages
    filterset_class = ProjectFilter

    def list(self, request):
        """The projects you see, newest first."""
        return self.page_of(self.filter_queryset(self.get_queryset()))

    @extend_schema(request=ProjectChangeSerializer, responses={201: ProjectSerializer})
    def create(self, request):
        """A new project. You become its manager."""
        project = projects.create(actor=request.user, **sent(ProjectChangeSerializer, request))
        return Response(self.get_serializer(project).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=ProjectSerializer)
    def retrieve(self, request, pk=None):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=ProjectChangeSerializer, responses=ProjectSerializer, parameters=[FORCE])
    def partial_update(self, request, pk=None):
        """Change settings (managers). `review_settings` and `assignment_settings` may be nested.

        A `label_config` without a control or label in use is refused with counts, unless `force` is sent.
        """
        project = self.get_object()
        require(request, "manage_project", project)
        changes = sent(ProjectChangeSerializer, request, partial=True)
        project = projects.update(project, changes, actor=request.user, force=_is_forced(request))
        return Response(self.get_serializer(project).data)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted; restorable for 30 days.")})
    def destroy(self, request, pk=None):
        project = self.get_object()
        require(request, "manage_project", project)
        projects.delete(project, actor=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=ProjectCountsSerializer(many=True))
    @action(detail=False, methods=["get"])
    def counts(self, request):
        """The totals of the projects you see, in pages."""
        return self.page_of(self.filter_queryset(self.get_queryset()), ProjectCountsSerializer)

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
        methods=["post"],
        request=NewTaskOfProjectSerializer,
        responses={200: OneTaskSerializer, 201: OneTaskSerializer},
    )
    @extend_schema(
        methods=["delete"],
        responses={204: OpenApiResponse(description="Every task of the project is deleted.")},
    )
    @action(detail=True, methods=["post", "delete"], url_path="tasks")
    def tasks(self, request, pk=None):
        """POST creates one task, DELETE deletes all of them (managers)."""
        project = self.get_object()
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
