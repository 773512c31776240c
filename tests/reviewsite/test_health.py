from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError

from reviewsite import health
from reviewsite.jobs import heartbeat
from reviewsite.models import Heartbeat

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


def worker_seen(*, seconds_ago: float) -> None:
    Heartbeat.objects.create(name="worker", at=NOW - timedelta(seconds=seconds_ago))


def state(worker: str, *, seen: float | None) -> dict[str, Any]:
    known = {"worker_seen_seconds_ago": seen, "oldest_due_delivery_seconds": 0.0}
    return {"status": worker, "database": "UP", "worker": worker} | known


def test_health_asks_nobody(client):
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "UP"})


@pytest.mark.django_db
def test_readyz_is_up_while_the_worker_is_heard(client):
    worker_seen(seconds_ago=3)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == state("UP", seen=3.0)


@pytest.mark.django_db
def test_readyz_is_down_when_the_worker_fell_silent(client, settings):
    worker_seen(seconds_ago=settings.HEARTBEAT_MAX_AGE_SECONDS + 1)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == state("DOWN", seen=26.0)


@pytest.mark.django_db
def test_readyz_is_down_before_the_first_job(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == state("DOWN", seen=None)


def test_readyz_is_down_without_a_database(client, monkeypatch):
    monkeypatch.setattr(health.Heartbeat, "objects", Gone())
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "DOWN", "database": "DOWN", "worker": "UNKNOWN"}


class Gone:
    def filter(self, **_):
        raise DatabaseError("the server closed the connection")


@pytest.mark.django_db
def test_heartbeat_called_as_a_function_proves_nothing():
    heartbeat()
    heartbeat.apply()
    assert list(Heartbeat.objects.all()) == []


@pytest.mark.django_db
def test_heartbeat_of_a_worker_leaves_its_time(monkeypatch):
    heartbeat.push_request(called_directly=False, is_eager=False)
    try:
        heartbeat.run()
    finally:
        heartbeat.pop_request()
    assert Heartbeat.objects.get(name="worker").at == NOW
