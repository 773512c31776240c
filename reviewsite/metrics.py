"""`/metrics` for Prometheus: requests of all web processes, what `/status` says, and totals."""

import os
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import REGISTRY, Collector

from tasks.models.project import ProjectTotal

from .health import UP, whole_status

REQUESTS = Counter("countersign_requests", "Requests that were answered.", ["method", "route", "status"])
SECONDS = Histogram("countersign_request_seconds", "How long the answer took.", ["method"])
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")  # anybody may send any word
# Column of the totals → what is counted.
COUNTED = {
    "annotations": "Annotations",
    "reviewed": "Tasks that are reviewed",
    "accepted": "Annotations whose verdict is accepted",
    "rejected": "Annotations whose verdict is rejected",
}


def count(request: HttpRequest, status: int, seconds: float) -> None:
    """Routes, not addresses: there are only so many."""
    route = request.resolver_match.route if request.resolver_match else ""
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(method).observe(seconds)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For who sends `Authorization: Bearer METRICS_TOKEN`; without that setting there is no such address."""
    sent = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404
    registry = CollectorRegistry()
    registry.register(OfTheSite())
    text = generate_latest(registry) + generate_latest(_of_web_processes())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _of_web_processes() -> CollectorRegistry:
    """gunicorn_conf names the folder in which they keep their numbers for each other."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return registry


class OfTheSite(Collector):
    """The same in every process, and read when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        status = whole_status()
        up = GaugeMetricFamily("countersign_up", "1 if this part is UP in /status.", labels=["part"])
        up.add_metric(["database"], status["database"] == UP)
        if status["database"] != UP:
            yield up
            return
        up.add_metric(["broker"], status["broker"] == UP)
        up.add_metric(["beat"], status["beat"]["status"] == UP)
        queued = GaugeMetricFamily("countersign_queued_messages", "Waiting in a queue.", labels=["pool"])
        for name, pool in status["pools"].items():
            up.add_metric([name], pool["status"] == UP)
            if pool["queued"] is not None:
                queued.add_metric([name], pool["queued"])
        yield up
        yield queued
        for name, told in (
            ("oldest_job_seconds", "How long the oldest job waits for a worker."),
            ("oldest_due_delivery_seconds", "How long the oldest due delivery waits."),
        ):
            yield GaugeMetricFamily(f"countersign_{name}", told, value=status[name])
        # Without what was done in the last second: see tasks/totals.py.
        sums = ProjectTotal.objects.aggregate(**{name: Sum(name) for name in COUNTED})
        for name, told in COUNTED.items():
            yield GaugeMetricFamily(f"countersign_{name}", f"{told}, in all projects.", value=sums[name] or 0)
