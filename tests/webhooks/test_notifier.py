"""Messages to the sender, and what a request notices of a broker that is gone: nothing."""

import os
import signal
import subprocess
import time

import pytest
import redis
from celery import current_app

from devserver.embedded import redis_binary
from tests.factories import annotation, client_of, reviewed, task
from webhooks import health, jobs, notifier
from webhooks.sender import drain

from .steps import OK, REFUSED, TIMEOUT, decide, hook_of


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


@pytest.mark.parametrize(
    ("answer", "queue"), [(TIMEOUT, "deliver-slow"), (REFUSED, "deliver"), (OK, "deliver")]
)
def test_endpoint_that_timed_out_is_sent_to_by_the_slow_queue(hook, house, monkeypatch, answer, queue):
    sent = []
    monkeypatch.setattr(
        notifier.current_app, "send_task", lambda name, args, **how: sent.append((*args, how["queue"]))
    )
    health.record_answer(hook, answer)
    decide(house)

    jobs.sweep()

    assert sent == [(hook.pk, queue)]


@pytest.mark.django_db(transaction=True)
def test_message_reaches_the_broker(house, receiver, own_redis, monkeypatch):
    monkeypatch.setattr(notifier, "notify", notifier.Notifier().notify)
    hook_of(house, receiver.url)

    reviewed(house.annotation, house.reviewer)

    until = time.monotonic() + 5
    while messages_of(own_redis) == 0 and time.monotonic() < until:
        time.sleep(0.02)
    assert messages_of(own_redis) == 1


@pytest.mark.django_db(transaction=True)
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
