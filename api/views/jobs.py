"""Long work: how far it is, and stopping it."""

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
    """Those of the projects one manages, and one's own."""

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
        """One job: ask every second or so until it has ended."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk=None):
        """Stop a job. One that a worker has in hand ends a moment later, with `error.code` `cancelled`."""
        job = self.get_object()
        jobs.cancel(job)
        return Response(self.get_serializer(job).data)
