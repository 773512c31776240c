"""Endpoints, the catalogue, the feed of events, and the log of deliveries. For managers of the project."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import Pages
from api.views.base import ViewSet, require, sent, visible
from tasks.models import Project

from . import endpoints
from .catalogue import CATALOGUE, Action
from .models import Delivery, Event, Webhook
from .serializers import (
    DeliverySerializer,
    EventPageSerializer,
    EventSerializer,
    NewWebhookSerializer,
    WebhookSerializer,
)

LARGEST = 2**63 - 1
EVENTS_AT_MOST = 1000
PROJECT = OpenApiParameter("project", int, description="Only of this project.")
STATE = OpenApiParameter("state", str, description="Only in this state.", enum=Delivery.State.values)


INFO = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string"},
            "key": {"type": "string", "description": "Where the object is in the body."},
            "organization-only": {"type": "boolean"},
            "by_name": {"type": "boolean", "description": "Sent only to endpoints that list it in `actions`."},
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


def number(request: Request, name: str, default: int, *, most: int = LARGEST) -> int:
    """A whole number ≥ 0 from the query, cut off at `most`."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ValidationError({name: [f"{name} must be a whole number."]})
    return min(int(text[:20]), most)


def managed_project(request: Request, pk: int) -> Project:
    """404 for who does not see it, 403 for who does not manage it."""
    project = visible(Project.objects, request, pk)
    require(request, "manage_webhooks", project)
    return project


def of_asked_project(request: Request, rows: Any) -> Any:
    if not request.query_params.get("project"):
        return rows
    return rows.filter(project=managed_project(request, number(request, "project", 0)))


class WebhookViewSet(ViewSet):
    queryset = Webhook.objects.order_by("id")
    serializer_class = WebhookSerializer
    pagination_class = None
    filter_backends: list = []

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
        return Response(self.get_serializer(endpoints.change(webhook, sent(WebhookSerializer, request, partial=True))).data)

    def update(self, request, pk=None):
        webhook = self.get_object()
        return Response(self.get_serializer(endpoints.change(webhook, sent(WebhookSerializer, request))).data)

    @extend_schema(responses={204: OpenApiResponse(description="Deleted, with what was still to be sent.")})
    def destroy(self, request, pk=None):
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        parameters=[OpenApiParameter("organization-only", bool, description="Only what no project's endpoint hears of.")],
        responses={(200, "application/json"): {"type": "object", "additionalProperties": {"type": "object"}}},
    )
    @action(detail=False)
    def info(self, request):
        """Every action there is."""
        site_wide = request.query_params.get("organization-only", "").lower() in ("1", "true")
        return Response({name: described(entry) for name, entry in CATALOGUE.items() if entry.site_wide or not site_wide})

    @extend_schema(parameters=[STATE], responses=DeliverySerializer(many=True))
    @action(detail=True, pagination_class=Pages)
    def deliveries(self, request, pk=None):
        """What was sent, is to be sent or was given up, newest first, with every attempt and its answer."""
        found = Delivery.objects.filter(webhook=self.get_object()).select_related("event").prefetch_related("log").order_by("-id")
        state = request.query_params.get("state")
        if state and state not in Delivery.State.values:
            raise ValidationError({"state": [f"state must be one of {', '.join(Delivery.State.values)}."]})
        return self.page_of(found.filter(state=state) if state else found, DeliverySerializer)


class Events(GenericAPIView):
    serializer_class = EventPageSerializer
    queryset = Event.objects.none()
    pagination_class = None
    filter_backends: list = []

    @extend_schema(
        parameters=[
            PROJECT,
            OpenApiParameter("after", int, description="The last position you have; 0 for the beginning."),
            OpenApiParameter("limit", int, description=f"Events in one answer, at most {EVENTS_AT_MOST} (100 if not said)."),
        ]
    )
    def get(self, request):
        """What happened, in the order of its positions, whether or not an endpoint listened: to start late, or to catch up."""
        after, limit = number(request, "after", 0), number(request, "limit", 100, most=EVENTS_AT_MOST)
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
