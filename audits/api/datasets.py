"""Data sets: what is audited, and what the system under audit says alone."""

from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import Pages
from api.views.base import ViewSet

from ..models import Dataset
from .documentation import documented
from .serializers import DATASET, DatasetSerializer


class DatasetViewSet(ViewSet):
    queryset = Dataset.objects.order_by("-id")
    serializer_class = DatasetSerializer
    pagination_class = Pages

    @documented(DatasetSerializer(many=True), example=DATASET)
    def list(self, request: Request) -> Response:
        """The data sets you may audit, newest first."""
        return self.page_of(self.get_queryset())

    @documented(DatasetSerializer, example=DATASET)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)
