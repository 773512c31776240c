"""What was deleted and can be restored, for managers."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from tasks.models import Task
from tasks.services.trash import deleted_projects, described, described_projects, trash_of

from ..pagination import Pages
from .base import ViewSet, project_for

KINDS = ("annotation", "project", "task")


class DeletedSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=KINDS)
    id = serializers.IntegerField()
    project = serializers.IntegerField()
    task = serializers.IntegerField(allow_null=True)
    deleted_at = serializers.DateTimeField()
    deleted_by = serializers.IntegerField(allow_null=True)
    restorable_until = serializers.DateTimeField()


class TrashPages(Pages):
    def count(self, queryset, start, rows, view):
        """Of a union; both parts are counted by an index of what was deleted."""
        return (queryset.count() if self.has_next else start + len(rows)), False


class TrashViewSet(ViewSet):
    queryset = Task.objects.all()
    serializer_class = DeletedSerializer
    pagination_class = TrashPages

    @extend_schema(operation_id="projects_trash", responses=DeletedSerializer(many=True))
    def list(self, request, pk=None):
        """Deleted tasks and annotations of a project, newest first (managers).

        `POST /api/tasks/{id}/restore/` and `POST /api/annotations/{id}/restore/` bring them back. Annotations
        of a deleted task come back with it.
        """
        project = project_for(request, "manage_project", pk)
        rows = self.paginate_queryset(trash_of(project, request.user).order_by("-deleted_at", "-id")) or []
        found = DeletedSerializer(described(project, rows), many=True)
        return self.get_paginated_response(found.data)

    @extend_schema(operation_id="trash", responses=DeletedSerializer(many=True))
    def projects(self, request):
        """Deleted projects, newest first (managers). `POST /api/projects/{id}/restore/` restores one."""
        rows = self.paginate_queryset(deleted_projects(request.user)) or []
        return self.get_paginated_response(DeletedSerializer(described_projects(rows), many=True).data)
