"""Three questions of those who run a site, answered without a login.

`/health`: does this process live? If not, restart it. `/readyz`: can it serve? If not, send nobody here.
`/status`: does everything around it work? If not, wake somebody. They are answered before anything else looks
at the request, so that it may name any host, such as the address of a container.
"""

from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from jobs.models import Job, State
from reviewsite.beat import BEAT
from reviewsite.models import Heartbeat
from webhooks import outbox

UP, DOWN, UNKNOWN = "UP", "DOWN", "UNKNOWN"
BROKER_SECONDS = 1.0

Answer = dict[str, Any]


def health() -> Answer:
    """Asks nobody."""
    return {"status": UP}


def readiness() -> Answer:
    """Only the database: without Redis or workers people can work, and what they do is sent later."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return {"status": DOWN, "database": DOWN}
    return {"status": UP, "database": UP}


def whole_status() -> Answer:
    """Each part, and how long the oldest work waits. UP if every part is."""
    if readiness()["status"] == DOWN:
        return {"status": DOWN, "database": DOWN}
    queued = queue_lengths()
    ages = {beat.name: round(beat.age_seconds, 1) for beat in Heartbeat.objects.all()}
    pools = {
        name: {**_seen(ages.get(name), allowed), "queued": queued.get(name)}
        for name, allowed in settings.POOLS.items()
    }
    beat = _seen(ages.get(BEAT), settings.BEAT_MAX_AGE_SECONDS)
    broker = UP if queued else DOWN
    parts = [broker, beat["status"], *(pool["status"] for pool in pools.values())]
    return {
        "status": UP if set(parts) == {UP} else DOWN,
        "database": UP,
        "broker": broker,
        "beat": beat,
        "pools": pools,
        "oldest_job_seconds": oldest_job_seconds(),
        "oldest_due_delivery_seconds": round(outbox.oldest_due_seconds(), 1),
    }


def _seen(age: float | None, allowed: float) -> Answer:
    return {"status": UP if age is not None and age <= allowed else DOWN, "seen_seconds_ago": age}


def queue_lengths() -> dict[str, int | None]:
    """Messages that wait in each queue; nothing if the broker does not answer."""
    if not settings.REDIS_URL.startswith(("redis", "unix")):
        return dict.fromkeys(settings.POOLS)  # files on a laptop
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS
    )
    prefix = settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"]
    try:
        return {name: int(client.llen(f"{prefix}{name}")) for name in settings.POOLS}  # type: ignore[arg-type]
    except redis.RedisError:
        return {}
    finally:
        client.close()


def oldest_job_seconds() -> float:
    """How long the job has waited that waits longest for its first worker."""
    waiting = Job.objects.filter(state=State.QUEUED, started_at=None)
    since = waiting.aggregate(since=Min("created_at"))["since"]
    return round((timezone.now() - since).total_seconds(), 1) if since else 0.0


PROBES: dict[str, Callable[[], Answer]] = {
    "/health": health,
    "/readyz": readiness,
    "/status": whole_status,
}


class Probes:
    """The first middleware: nothing of what follows can refuse a probe or fail before it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = PROBES.get(request.path_info.rstrip("/"))
        if probe is None or request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        answer = probe()
        response = JsonResponse(answer, status=200 if answer["status"] == UP else 503)
        response["Cache-Control"] = "no-store"
        return response
