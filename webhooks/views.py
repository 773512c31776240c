"""Endpoints with their delivery log, and the feed of events.

For managers of the project; site-wide ones for administrators.
"""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.openapi.errors import ErrorSerializer
from api.pagination import Pages
from api.views.base import ViewSet, sent, user_of, visible
from api.views.known_parameters import GenericAPIView
from tasks.models import Project

from . import endpoints, replay
from .catalogue import CATALOGUE, Action
from .feed import require_kept
from .filters import LOG_PARAMETERS, PROJECT, by_log_parameters, by_project, number
from .models import Delivery, Event, Webhook
from .serializers import (
    AttemptSerializer,
    DeliverySerializer,
    EventPageSerializer,
    EventSerializer,
    NewWebhookSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    WebhookSerializer,
)

EVENTS_AT_MOST = 1000
INFO_SCHEMA = {"type": "object", "additionalProperties": {"type": "object"}}


class WebhookViewSet(ViewSet):
    queryset = Webhook.objects.order_by("id")
    serializer_class = WebhookSerializer
    pagination_class = None

    @extend_schema(parameters=[PROJECT])
    def list(self, request: Request) -> Response:
        """Endpoints of the projects you manage. Administrators also see the site-wide ones."""
        found = by_project(request, self.get_queryset())
        return Response(self.get_serializer(found, many=True).data)

    @extend_schema(request=NewWebhookSerializer, responses={201: NewWebhookSerializer})
    def create(self, request: Request) -> Response:
        """A new endpoint. The answer contains its `secret`, which is not shown again."""
        fields = sent(NewWebhookSerializer, request)
        project_id = fields.pop("project_id", None)
        project = visible(Project.objects, request, project_id) if project_id else None
        webhook = endpoints.create(actor=user_of(request), project=project, **fields)
        return Response(NewWebhookSerializer(webhook).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        return self._shown(self.get_object())

    @extend_schema(request=WebhookSerializer(partial=True))
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change it, except its project. Enabling it resets its failures and sends what was held."""
        webhook = self.get_object()
        return self._shown(endpoints.change(webhook, sent(WebhookSerializer, request, partial=True)))

    def update(self, request: Request, pk: str) -> Response:
        webhook = self.get_object()
        return self._shown(endpoints.change(webhook, sent(WebhookSerializer, request)))

    @extend_schema(responses={204: OpenApiResponse(description="Deleted, with its pending deliveries.")})
    def destroy(self, request: Request, pk: str) -> Response:
        endpoints.delete(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "organization-only",
                bool,
                description="Only actions that are sent to site-wide endpoints only.",
            )
        ],
        responses={(200, "application/json"): INFO_SCHEMA},
    )
    @action(detail=False)
    def info(self, request: Request) -> Response:
        """Every action there is."""
        site_wide = request.query_params.get("organization-only", "").lower() in ("1", "true")
        return Response(
            {name: _info(entry) for name, entry in CATALOGUE.items() if entry.site_wide or not site_wide}
        )

    @extend_schema(request=None, responses={200: AttemptSerializer})
    @action(detail=True, methods=["post"])
    def ping(self, request: Request, pk: str) -> Response:
        """Send a test now and wait for the answer. Works for disabled endpoints too. Never retried."""
        return Response(AttemptSerializer(replay.ping(self.get_object(), actor=user_of(request))).data)

    @extend_schema(request=None, responses={200: NewWebhookSerializer})
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """A new `secret`, shown only once.

        Until `earlier_until` deliveries are signed with the earlier one as well.
        """
        return Response(NewWebhookSerializer(endpoints.rotate(self.get_object())).data)

    @extend_schema(request=None, responses={200: WebhookSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Enable it: its failures are reset, and what was held for it is sent."""
        return self._shown(endpoints.change(self.get_object(), {"is_active": True}))

    @extend_schema(request=ReplaySerializer, responses={200: ReplayedSerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Send a range again, after live events: dead and held deliveries, unless `state` names others."""
        wanted = replay.Range(**sent(ReplaySerializer, request))
        return Response({"replayed": replay.replay(self.get_object(), wanted, actor=user_of(request))})

    @extend_schema(parameters=LOG_PARAMETERS, responses=DeliverySerializer(many=True))
    @action(detail=True, pagination_class=Pages)
    def deliveries(self, request: Request, pk: str) -> Response:
        """The delivery log, newest first, with every attempt and its answer."""
        found = Delivery.objects.filter(webhook=self.get_object())
        found = found.select_related("event").prefetch_related("log").order_by("-id")
        return self.page_of(by_log_parameters(request, found), DeliverySerializer)

    def _shown(self, webhook: Webhook) -> Response:
        return Response(self.get_serializer(webhook).data)


class DeliveryViewSet(ViewSet):
    queryset = Delivery.objects.select_related("event", "webhook").prefetch_related("log")
    serializer_class = DeliverySerializer

    def retrieve(self, request: Request, pk: str) -> Response:
        """One delivery with every attempt and its answer."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses={200: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
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
                "limit", int, description=f"Events in one answer, at most {EVENTS_AT_MOST} (default 100)."
            ),
        ],
        responses={
            200: EventPageSerializer,
            410: OpenApiResponse(ErrorSerializer, description="Events after it are gone; `oldest` is kept."),
        },
    )
    def get(self, request: Request) -> Response:
        """What happened, in the order of positions, whether or not an endpoint subscribed: to start late, or
        to catch up.

        410 `events_expired` if some of it is gone, 400 `cursor_ahead` for a position that never was.
        """
        after = number(request, "after", 0)
        limit = number(request, "limit", 100, least=1, most=EVENTS_AT_MOST)
        require_kept(after, user_of(request))
        events = Event.objects.visible_to(user_of(request)).after(after)
        found = list(by_project(request, events)[: limit + 1])
        page = found[:limit]
        return Response(
            {
                "results": EventSerializer(page, many=True).data,
                "next_after": page[-1].position if page else after,
                "has_more": len(found) > limit,
            }
        )


def _info(entry: Action) -> dict[str, Any]:
    """Label Studio's keys; `by_name` is ours."""
    return {
        "name": entry.label,
        "description": entry.description,
        "key": entry.key,
        "organization-only": entry.site_wide,
        "by_name": entry.by_name,
    }
