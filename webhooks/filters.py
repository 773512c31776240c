"""Query parameters of the lists: numbers, a project, and the filters of the delivery log."""

from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from api.views.base import project_for
from users.sentences import sentence as _

from .catalogue import CATALOGUE
from .models import Delivery, Event, Webhook

Row = TypeVar("Row", Webhook, Event)
LARGEST = 2**63 - 1
PROJECT = OpenApiParameter("project", int, description="Only of this project.")
LOG_PARAMETERS = [
    OpenApiParameter("state", str, description="Only in this state.", enum=Delivery.State.values),
    OpenApiParameter("action", str, description="Only of this action.", enum=list(CATALOGUE)),
    OpenApiParameter("since", datetime, description="Only events from then on."),
    OpenApiParameter("until", datetime, description="Only events before then."),
]


def number(request: Request, name: str, default: int, *, least: int = 0, most: int = LARGEST) -> int:
    """A whole number; one above `most` means `most`."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text[:20]) < least:
        raise ValidationError(
            {name: [_("%(name)s must be a whole number, at least %(least)s.", name=name, least=least)]}
        )
    return min(int(text[:20]), most)


def by_project(request: Request, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Only those of `?project=`, if it is given; 404 or 403 if this user does not manage its webhooks."""
    if not request.query_params.get("project"):
        return rows
    return rows.filter(project=project_for(request, "manage_webhooks", number(request, "project", 0)))


def by_log_parameters(request: Request, rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    if state := _choice(request, "state", Delivery.State.values):
        rows = rows.filter(state=state)
    if name := _choice(request, "action", list(CATALOGUE)):
        rows = rows.filter(event__action=name)
    if since := _time(request, "since"):
        rows = rows.filter(event__created_at__gte=since)
    if until := _time(request, "until"):
        rows = rows.filter(event__created_at__lt=until)
    return rows


def _choice(request: Request, name: str, choices: list[str]) -> str:
    value = request.query_params.get(name, "")
    if value and value not in choices:
        raise ValidationError(
            {name: [_("%(name)s must be one of %(choices)s.", name=name, choices=", ".join(choices))]}
        )
    return value


def _time(request: Request, name: str) -> datetime | None:
    text = request.query_params.get(name, "")
    try:
        found = parse_datetime(text) if text else None
    except ValueError:
        found = None
    if text and found is None:
        raise ValidationError({name: [_("%(name)s must be a time like 2026-01-31T12:00:00Z.", name=name)]})
    return timezone.make_aware(found) if found and timezone.is_naive(found) else found
