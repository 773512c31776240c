"""Liveness and readiness, without a login."""

from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reviewsite.jobs import WORKER
from reviewsite.models import Heartbeat
from webhooks import outbox


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "UP"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    state = readiness()
    return JsonResponse(state, status=200 if state["status"] == "UP" else 503)


def readiness() -> dict[str, Any]:
    """The heartbeat of the worker also covers the broker. A ping of Redis would not notice a stuck worker."""
    try:
        beat = Heartbeat.objects.filter(name=WORKER).first()
        oldest_due = round(outbox.oldest_due_seconds(), 1)
    except DatabaseError:
        return {"status": "DOWN", "database": "DOWN", "worker": "UNKNOWN"}
    age = round(beat.age_seconds, 1) if beat else None
    worker = "UP" if age is not None and age <= settings.HEARTBEAT_MAX_AGE_SECONDS else "DOWN"
    return {
        "status": worker,
        "database": "UP",
        "worker": worker,
        "worker_seen_seconds_ago": age,
        "oldest_due_delivery_seconds": oldest_due,
    }
