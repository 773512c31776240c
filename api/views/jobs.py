"""Long work: progress and cancelling."""

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from jobs.models import Job
from tasks.services import jobs

from ..filters.lists import JobFilter
from ..pagination import Pages
from ..serializers.jobs import JobSerializer
from .base import ViewSet, user_of


class JobViewSet(ViewSet):
    """Jobs of the projects that the caller manages, and those they started."""

    queryset = Job.objects.select_related("created_by")
    serializer_class = JobSerializer
    pagination_class = Pages
    filterset_class = JobFilter

    def get_queryset(self):
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.none()
        return jobs.visible_jobs(user_of(self.request)).select_related("created_by")

    def list(self, request):
        """Jobs, newest first."""
        return self.page_of(self.filter_queryset(self.get_queryset()))

    def retrieve(self, request, pk=None):
        """One job. Poll it every second or so until it has ended."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk=None):
        """Cancel a job. One that is running ends a moment later, with `error.code` `cancelled`."""
        job = self.get_object()
        jobs.cancel(job)
        return Response(self.get_serializer(job).data)
