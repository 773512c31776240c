"""What the query of a request asks for: numbers, a project, a part of the log."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from api.views.base import project_for

from .catalogue import CATALOGUE
from .models import Delivery

LARGEST = 2**63 - 1
PROJECT = OpenApiParameter("project", int, description="Only of this project.")
LOG_PARAMETERS = [
    OpenApiParameter("state", str, description="Only in this state.", enum=Delivery.State.values),
    OpenApiParameter("action", str, description="Only of this action.", enum=list(CATALOGUE)),
    OpenApiParameter("since", datetime, description="Only events from then on."),
    OpenApiParameter("until", datetime, description="Only events before."),
]


def number(request: Request, name: str, default: int, *, least: int = 0, most: int = LARGEST) -> int:
    """A whole number from the query, cut off at `most`."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text[:20]) < least:
        raise ValidationError({name: [f"{name} must be a whole number from {least} on."]})
    return min(int(text[:20]), most)


def of_asked_project(request: Request, rows: Any) -> Any:
    if not request.query_params.get("project"):
        return rows
    return rows.filter(project=project_for(request, "manage_webhooks", number(request, "project", 0)))


def of_asked_log(request: Request, rows: Any) -> Any:
    """Deliveries as the log shows them, newest first, narrowed to what is asked for."""
    rows = rows.select_related("event").prefetch_related("log").order_by("-id")
    if state := one_of(request, "state", Delivery.State.values):
        rows = rows.filter(state=state)
    if name := one_of(request, "action", list(CATALOGUE)):
        rows = rows.filter(event__action=name)
    if since := moment(request, "since"):
        rows = rows.filter(event__created_at__gte=since)
    if until := moment(request, "until"):
        rows = rows.filter(event__created_at__lt=until)
    return rows


def one_of(request: Request, name: str, known: list[str]) -> str:
    value = request.query_params.get(name, "")
    if value and value not in known:
        raise ValidationError({name: [f"{name} must be one of {', '.join(known)}."]})
    return value


def moment(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name, "")
    try:
        found = parse_datetime(text) if text else None
    except ValueError:
        found = None
    if text and found is None:
        raise ValidationError({name: [f"{name} must be a time like 2026-01-31T12:00:00Z."]})
    return timezone.make_aware(found) if found and timezone.is_naive(found) else found
