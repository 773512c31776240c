"""Endpoints and the catalogue. For managers of the project, and the site's own for administrators."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.response import Response

from api.pagination import Pages
from api.views.base import ViewSet, sent, visible
from tasks.models import Project

from . import endpoints, replay
from .catalogue import CATALOGUE, Action
from .filters import LOG_PARAMETERS, PROJECT, of_asked_log, of_asked_project
from .models import Delivery, Webhook
from .serializers import (
    AttemptSerializer,
    DeliverySerializer,
    NewWebhookSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    WebhookSerializer,
)

INFO = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string"},
            "key": {"type": "string", "description": "Where the object is in the body."},
            "organization-only": {"type": "boolean"},
            "by_name": {
                "type": "boolean",
                "description": "Sent only to endpoints that list it in `actions`.",
            },
        },
    },
}


def described(entry: Action) -> dict[str, Any]:
    """Label Studio's keys; `by_name` is ours."""
    return {
        "name": entry.label,
        "description": entry.description,
        "key": entry.key,
        "organization-only": entry.site_wide,
        "by_name": entry.by_name,
    }


class WebhookViewSet(ViewSet):
    queryset = Webhook.objects.order_by("id")
    serializer_class = WebhookSerializer
    pagination_class = None

    @extend_schema(parameters=[PROJECT])
    def list(self, request):
        """Endpoints of the projects you manage; administrators see the site-wide ones, too."""
        found = of_asked_project(request, self.get_queryset())
        return Response(self.get_serializer(found, many=True).data)

    @extend_schema(request=NewWebhookSerializer, responses={201: NewWebhookSerializer})
    def create(self, request):
        """A new endpoint. The answer has its `secret`, which is not shown again."""
        fields = sent(NewWebhookSerializer, request)
        project_id = fields.pop("project_id", None)
        project = visible(Project.objects, request, project_id) if project_id else None
        webhook = endpoints.create(actor=request.user, project=project, **fields)
        return Response(NewWebhookSerializer(webhook).data, status=status.HTTP_201_CREATED)

    def retrieve(self, request, pk=None):
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=WebhookSerializer(partial=True))
    def partial_update(self, request, pk=None):
        """Change it; its project stays. Switching it on resets its failures and sends what was held."""
        webhook = self.get_object()
        return Response(
            self.get_serializer(
                endpoints.change(webhook, sent(WebhookSerializer, request, partial=True))
            ).data
        )

    def update(self, request, pk=None):
        webhook = self.get_object()
        return Response(self.get_serializer(endpoints.change(webhook, sent(WebhookSerializer, request))).data)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted, with what was still to be sent.")})
    def destroy(self, request, pk=None):
        endpoints.delete(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "organization-only", bool, description="Only what no project's endpoint hears of."
            )
        ],
        responses={(200, "application/json"): {"type": "object", "additionalProperties": {"type": "object"}}},
    )
    @action(detail=False)
    def info(self, request):
        """Every action there is."""
        site_wide = request.query_params.get("organization-only", "").lower() in ("1", "true")
        return Response(
            {name: described(entry) for name, entry in CATALOGUE.items() if entry.site_wide or not site_wide}
        )

    @extend_schema(request=None, responses={200: AttemptSerializer})
    @action(detail=True, methods=["post"])
    def ping(self, request, pk=None):
        """Send a test now and wait for what comes of it. Works while the endpoint is off, too; it is never retried."""
        return Response(AttemptSerializer(replay.ping(self.get_object(), actor=request.user)).data)

    @extend_schema(request=None, responses={200: NewWebhookSerializer})
    @action(detail=True, methods=["post"])
    def rotate(self, request, pk=None):
        """A new `secret`, shown this once. Until `earlier_until` every delivery is signed with the earlier one, too."""
        return Response(NewWebhookSerializer(endpoints.rotate(self.get_object())).data)

    @extend_schema(request=None, responses={200: WebhookSerializer})
    @action(detail=True, methods=["post"])
    def enable(self, request, pk=None):
        """Switch it on: its failures are forgotten, and what was held for it is sent."""
        return Response(self.get_serializer(endpoints.change(self.get_object(), {"is_active": True})).data)

    @extend_schema(request=ReplaySerializer, responses={200: ReplayedSerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request, pk=None):
        """Send a range again, behind the news: what was given up or held, unless `state` names others."""
        wanted = replay.Range(**sent(ReplaySerializer, request))
        return Response({"replayed": replay.replay(self.get_object(), wanted)})

    @extend_schema(parameters=LOG_PARAMETERS, responses=DeliverySerializer(many=True))
    @action(detail=True, pagination_class=Pages)
    def deliveries(self, request, pk=None):
        """What was sent, is to be sent or was given up, newest first, with every attempt and its answer."""
        found = Delivery.objects.filter(webhook=self.get_object())
        return self.page_of(of_asked_log(request, found), DeliverySerializer)
