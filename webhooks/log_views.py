"""The feed of events, and single deliveries. For managers of the project."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView
from rest_framework.response import Response

from api.views.base import ViewSet

from . import replay
from .filters import PROJECT, number, of_asked_project
from .models import Delivery, Event
from .serializers import DeliverySerializer, EventPageSerializer, EventSerializer

EVENTS_AT_MOST = 1000


class DeliveryViewSet(ViewSet):
    queryset = Delivery.objects.select_related("event", "webhook").prefetch_related("log")
    serializer_class = DeliverySerializer

    def retrieve(self, request, pk=None):
        """One delivery with every attempt and its answer."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses={200: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def resend(self, request, pk=None):
        """Send it once more: the same id, the same bytes, all attempts ahead."""
        return Response(self.get_serializer(replay.resend(self.get_object())).data)


class Events(GenericAPIView):
    serializer_class = EventPageSerializer
    queryset = Event.objects.none()
    pagination_class = None

    @extend_schema(
        parameters=[
            PROJECT,
            OpenApiParameter("after", int, description="The last position you have; 0 for the beginning."),
            OpenApiParameter(
                "limit", int, description=f"Events in one answer, at most {EVENTS_AT_MOST} (100 if not said)."
            ),
        ]
    )
    def get(self, request):
        """What happened, in the order of its positions, whether or not an endpoint listened: to start late, or to catch up."""
        after, limit = (
            number(request, "after", 0),
            number(request, "limit", 100, least=1, most=EVENTS_AT_MOST),
        )
        rows = of_asked_project(request, Event.objects.visible_to(request.user)).after(after)
        found = list(rows[: limit + 1])
        page = found[:limit]
        return Response(
            {
                "results": EventSerializer(page, many=True).data,
                "next_after": page[-1].position if page else after,
                "has_more": len(found) > limit,
            }
        )
