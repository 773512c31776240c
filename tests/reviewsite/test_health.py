"""What the probes answer while each part is there, and when it is gone."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError

from jobs import runner
from jobs.models import Job, State
from reviewsite import beat, health
from reviewsite.jobs import heartbeat
from reviewsite.models import Heartbeat

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def everything_works(db, settings):
    # Queues of its own: other tests leave messages that nobody takes.
    prefixed = settings.CELERY_BROKER_TRANSPORT_OPTIONS | {"global_keyprefix": "of-nobody-"}
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = prefixed
    for name in (*settings.POOLS, beat.BEAT):
        Heartbeat.seen(name)


def answer_of(client, path: str) -> tuple[int, dict]:
    answer = client.get(path)
    return answer.status_code, answer.json()


def silent_for(name: str, seconds: float) -> None:
    Heartbeat.objects.filter(name=name).update(at=NOW - timedelta(seconds=seconds))


def test_health_asks_nobody(client):
    assert answer_of(client, "/health") == (200, {"status": "UP"})


@pytest.mark.django_db
def test_the_site_is_ready_while_its_database_answers_and_nothing_else_is_asked(client, monkeypatch):
    monkeypatch.setattr(health, "queue_lengths", dict)

    assert answer_of(client, "/readyz") == (200, {"status": "UP", "database": "UP"})


@pytest.mark.parametrize("path", ["/readyz", "/status"])
def test_without_a_database_nothing_is_ready(client, monkeypatch, path):
    class Gone:
        def cursor(self):
            raise DatabaseError("the server closed the connection")

    monkeypatch.setattr(health, "connection", Gone())

    assert answer_of(client, path) == (503, {"status": "DOWN", "database": "DOWN"})


def test_status_has_every_part(client, everything_works):
    silent_for("work", 3)
    seen = {"status": "UP", "seen_seconds_ago": 0.0}
    pools = {name: {**seen, "queued": 0} for name in settings.POOLS}

    assert answer_of(client, "/status") == (
        200,
        {
            "status": "UP",
            "database": "UP",
            "broker": "UP",
            "beat": seen,
            "pools": pools | {"work": {**pools["work"], "seen_seconds_ago": 3.0}},
            "oldest_job_seconds": 0.0,
            "oldest_due_delivery_seconds": 0.0,
        },
    )


@pytest.mark.parametrize("pool", settings.POOLS)
def test_a_pool_that_is_silent_is_down_and_the_others_are_not(client, everything_works, pool):
    silent_for(pool, settings.POOLS[pool] + 1)

    status, told = answer_of(client, "/status")

    assert (status, told["status"]) == (503, "DOWN")
    assert {name for name, one in told["pools"].items() if one["status"] == "DOWN"} == {pool}
    assert (told["beat"]["status"], answer_of(client, "/readyz")[0]) == ("UP", 200)


def test_without_beat_status_is_down(client, everything_works):
    silent_for(beat.BEAT, settings.BEAT_MAX_AGE_SECONDS + 1)

    status, told = answer_of(client, "/status")

    assert (status, told["status"], told["beat"]["status"]) == (503, "DOWN", "DOWN")


def test_without_a_broker_status_is_down_and_the_site_is_ready(client, everything_works, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    status, told = answer_of(client, "/status")

    assert (status, told["status"], told["broker"]) == (503, "DOWN", "DOWN")
    assert {pool["queued"] for pool in told["pools"].values()} == {None}
    assert answer_of(client, "/readyz")[0] == 200


def test_status_tells_how_long_the_oldest_job_waits(client, everything_works, house):
    for minutes, state, finished_at in ((5, State.QUEUED, None), (9, State.SUCCEEDED, NOW)):
        job = runner.create("import", created_by=house.lead)
        Job.objects.filter(pk=job.pk).update(
            created_at=NOW - timedelta(minutes=minutes), state=state, finished_at=finished_at
        )

    assert answer_of(client, "/status")[1]["oldest_job_seconds"] == 300.0


def test_a_probe_may_name_any_host_and_is_kept_nowhere(client):
    answer = client.get("/health", headers={"host": "10.0.0.7:8000"})

    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert client.get("/", headers={"host": "10.0.0.7:8000"}).status_code == 400
    assert client.post("/health").status_code == 404


@pytest.mark.django_db
def test_a_heartbeat_called_as_a_function_proves_nothing():
    heartbeat("work")
    heartbeat.apply(("work",))

    assert list(Heartbeat.objects.all()) == []


@pytest.mark.django_db
def test_a_heartbeat_of_a_worker_leaves_the_time_of_its_pool():
    heartbeat.push_request(called_directly=False, is_eager=False)
    try:
        heartbeat.run("work")
    finally:
        heartbeat.pop_request()

    assert [(one.name, one.at) for one in Heartbeat.objects.all()] == [("work", NOW)]


def test_every_queue_is_a_pool_that_beats():
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    beating = {
        entry["args"][0] for name, entry in settings.CELERY_BEAT_SCHEDULE.items() if "heartbeat" in name
    }

    assert routed | {settings.CELERY_TASK_DEFAULT_QUEUE} == beating == set(settings.POOLS)
