"""An event is there exactly when its decision is, and nobody's slowness is the decider's."""

import os
import signal
import subprocess
import time

import pytest
import redis
from celery import current_app
from django.db import transaction

from devserver.embedded import redis_binary
from reviews.service import AnnotationReviewService
from tests.factories import annotation, build_house, client_of, reviewed, task
from webhooks import jobs, notifier, outbox, sender
from webhooks.models import Delivery, Event
from webhooks.sender import drain

from .steps import hook_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(db):
    return build_house()


class Changed(Exception):
    pass


def test_rolled_back_decision_leaves_no_event_and_wakes_nobody(house, receiver, monkeypatch):
    rung = []
    monkeypatch.setattr(notifier, "notify", rung.append)
    hook = hook_of(house, receiver.url)
    before = Event.objects.count()

    with pytest.raises(Changed), transaction.atomic():
        AnnotationReviewService(house.reviewer).accept(house.annotation)
        raise Changed
    drain(hook.pk)

    assert Event.objects.count() == before
    assert (receiver.got, rung) == ([], [])


def test_refused_decision_leaves_no_event(house):
    before = Event.objects.count()

    answer = client_of(house.annotator).post(f"/api/annotations/{house.annotation.pk}/accept/")

    assert answer.status_code == 403
    assert Event.objects.count() == before


def test_committed_decision_wakes_its_endpoints_with_ids_only(house, receiver, monkeypatch):
    rung = []
    monkeypatch.setattr(notifier, "notify", rung.append)
    hook = hook_of(house, receiver.url)

    with transaction.atomic():
        AnnotationReviewService(house.reviewer).accept(house.annotation)
        assert rung == []

    assert rung == [{hook.pk: False}]


def test_body_is_that_of_the_moment_of_the_decision(house, receiver):
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer)
    reviewed(house.annotation, house.reviewer2, "rejected")

    drain(hook.pk)

    told = {body["event"]: body["annotation"]["last_action"] for body in receiver.bodies}
    assert told == {"annotation_accepted": "accepted", "annotation_rejected": "rejected"}


@pytest.mark.parametrize("consumer", ["slow", "dead"])
def test_slow_or_dead_consumer_does_not_slow_a_decision(house, receiver, consumer):
    receiver.delay = 15
    hook_of(house, receiver.url if consumer == "slow" else "http://127.0.0.1:9/")
    began = time.monotonic()

    reviewed(house.annotation, house.reviewer)

    assert time.monotonic() - began < 5
    assert Delivery.objects.get().state == "pending"


def test_sweep_finds_what_no_wake_up_told_of(house, receiver, monkeypatch):
    woken = []
    monkeypatch.setattr(notifier, "notify", lambda due: None)
    monkeypatch.setattr(
        notifier, "enqueue_drain", lambda webhook_id, is_slow: woken.append((webhook_id, is_slow))
    )
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer)

    jobs.sweep()

    assert woken == [(hook.pk, False)]
    assert Event.objects.filter(position=None).count() == 0
    assert outbox.oldest_due_seconds() > 0


def test_drain_that_runs_out_of_time_asks_for_another(house, receiver, monkeypatch):
    woken = []
    monkeypatch.setattr(
        notifier, "enqueue_drain", lambda webhook_id, is_slow: woken.append((webhook_id, is_slow))
    )
    monkeypatch.setattr(sender, "BUDGET_SECONDS", 0.01)
    hook = hook_of(house, receiver.url)
    for _ in range(hook.parallel + 1):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)

    jobs.drain(hook.pk)

    assert woken == [(hook.pk, False)]
    assert len(receiver.got) == hook.parallel


@pytest.fixture
def own_redis(tmp_path, settings):
    """A Redis of this test alone, on a socket; the wake-ups go there."""
    binary = redis_binary()
    if binary is None:
        pytest.skip("no redis-server on this machine")
    path = tmp_path / "redis.sock"
    process = subprocess.Popen(
        [binary, "--port", "0", "--unixsocket", path, "--save", ""], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    until = time.monotonic() + 10
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    url = f"redis+socket://{path}"
    before = current_app.conf.broker_url, current_app.conf.broker_write_url
    current_app.conf.broker_url = current_app.conf.broker_write_url = url
    yield process
    current_app.conf.broker_url, current_app.conf.broker_write_url = before
    os.kill(process.pid, signal.SIGCONT)
    process.kill()
    process.wait()


def messages_of(process) -> int:
    path = os.readlink(f"/proc/{process.pid}/cwd") + "/redis.sock"
    with redis.Redis(unix_socket_path=path, socket_timeout=2) as client:
        return sum(client.llen(key) for key in client.keys("*deliver") if client.type(key) == b"list")


def test_wake_up_reaches_the_broker(house, receiver, own_redis, monkeypatch):
    monkeypatch.setattr(notifier, "notify", notifier.Notifier().notify)
    hook_of(house, receiver.url)

    reviewed(house.annotation, house.reviewer)

    until = time.monotonic() + 5
    while messages_of(own_redis) == 0 and time.monotonic() < until:
        time.sleep(0.02)
    assert messages_of(own_redis) == 1


@pytest.mark.parametrize("fault", [signal.SIGSTOP, signal.SIGKILL], ids=["frozen", "dead"])
def test_decisions_do_not_notice_that_redis_is_gone(house, receiver, own_redis, monkeypatch, fault):
    monkeypatch.setattr(notifier, "notify", notifier.Notifier().notify)
    hook = hook_of(house, receiver.url)
    client = client_of(house.reviewer)
    work = [annotation(task(house.project), house.annotator) for _ in range(10)]
    client.post(f"/api/annotations/{house.annotation.pk}/accept/")
    os.kill(own_redis.pid, fault)

    times, statuses = [], []
    for one in work:
        began = time.monotonic()
        statuses.append(client.post(f"/api/annotations/{one.pk}/accept/").status_code)
        times.append(time.monotonic() - began)
        time.sleep(0.05)
    drain(hook.pk)

    assert statuses == [200] * 10
    # Without the breaker and its short timeouts every decision would wait for Redis, the first for 25 s and
    # more. (Roomy, because other things run on the machine that tests this.)
    assert max(times) < 5
    assert sorted(times)[5] < 1
    assert len(receiver.got) == 11
