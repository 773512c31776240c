"""The label configurations a project has had."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from tasks.models import LabelConfigVersion, Project

from ..pagination import Pages
from ..serializers.label_configs import ListedLabelConfigSerializer, OneLabelConfigSerializer
from .base import ViewSet, visible


class LabelConfigViewSet(ViewSet):
    queryset = (
        LabelConfigVersion.objects.select_related("project")
        .defer("project__label_config")
        .order_by("-number")
    )
    serializer_class = ListedLabelConfigSerializer
    pagination_class = Pages

    @extend_schema(
        operation_id="projects_label_configs_list", responses=ListedLabelConfigSerializer(many=True)
    )
    def list(self, request, project_pk=None):
        """The label configurations of a project, newest first, without their text."""
        return self.page_of(self._versions(request, project_pk).defer("xml", "project__label_config"))

    @extend_schema(operation_id="projects_label_configs_retrieve", responses=OneLabelConfigSerializer)
    def retrieve(self, request, project_pk=None, pk=None):
        """One label configuration with its text. `label_config` of a history row is its id."""
        version = get_object_or_404(self._versions(request, project_pk), pk=pk)
        return Response(OneLabelConfigSerializer(version, context=self.get_serializer_context()).data)

    def _versions(self, request, project_pk):
        return self.queryset.filter(project=visible(Project.objects, request, project_pk))
