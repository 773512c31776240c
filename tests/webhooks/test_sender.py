"""Sending what is due, and answers that come late."""

import threading
import time

import pytest

from tasks import transport
from tests.factories import annotation, reviewed, task
from webhooks import endpoints, jobs, notifier, outbox, sender
from webhooks.models import Attempt, Delivery, Webhook
from webhooks.sender import drain

from .receiver import Receiver
from .steps import hook_of


@pytest.fixture
def delivery(house, hook) -> Delivery:
    """An accept that waits to be sent."""
    reviewed(house.annotation, house.reviewer)
    return hook.deliveries.get()


@pytest.fixture
def notified(monkeypatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(notifier, "notify", lambda due: found.extend(due))
    return found


@pytest.fixture
def hanging():
    """Answers when it is let go."""
    go = threading.Event()
    with Receiver() as server:
        server.wait_for = go
        yield server
        go.set()


def decided(house, url: str, *, count: int = 1, **fields) -> Webhook:
    hook = hook_of(house, url, **fields)
    for _ in range(count):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)
    return hook


def states(hook: Webhook) -> set[str]:
    return set(hook.deliveries.values_list("state", flat=True))


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(sender, "WAIT_SECONDS", 0.05)
    yield
    sender.wait_for_background()


def test_delivery_is_sent_and_logged(hook, delivery, receiver):
    drain(hook.pk)

    delivery.refresh_from_db()
    attempt = delivery.log.get()
    assert (delivery.state, delivery.attempts, delivery.lease) == ("delivered", 1, None)
    assert (attempt.number, attempt.status, attempt.error, attempt.answer) == (1, 200, "", "thanks")
    assert 0 < attempt.duration < 5


def test_own_headers_go_along(house, hook, delivery, receiver):
    endpoints.change(hook, {"headers": {"Authorization": "Bearer abc"}})

    drain(hook.pk)

    headers = receiver.got[0].headers
    assert headers["authorization"] == "Bearer abc"
    assert headers["content-type"] == "application/json"


def test_nobody_listening_is_a_connection_error(house, hook, delivery):
    endpoints.change(hook, {"url": "http://127.0.0.1:9/"})

    drain(hook.pk)

    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.error) == (None, "connection")


def test_blocked_address_is_an_attempt_without_an_answer(hook, delivery, settings, receiver):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    drain(hook.pk)

    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.error) == (None, "blocked_address")
    assert "WEBHOOK_ALLOWED_NETWORKS" in attempt.answer
    assert receiver.got == []


def test_delivery_that_cannot_be_made_ready_keeps_no_other(house, hook, delivery, receiver):
    reviewed(annotation(task(house.project), house.annotator), house.reviewer)
    hook.deliveries.exclude(pk=delivery.pk).get()
    type(hook).objects.filter(pk=hook.pk).update(headers={"X-Broken": 7})

    drain(hook.pk)

    assert Attempt.objects.count() == 2


def test_backlog_is_sent_in_one_drain(house, hook, receiver):
    for _ in range(20):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)

    drain(hook.pk)

    assert len(receiver.got) == 20
    assert set(hook.deliveries.values_list("state", flat=True)) == {"delivered"}


@pytest.mark.usefixtures("impatient")
@pytest.mark.django_db(transaction=True)
def test_job_does_not_wait_for_an_endpoint_that_hangs(house, hanging, notified):
    hook = decided(house, hanging.url)

    began = time.monotonic()
    more = sender.drain(hook.pk)

    assert (more, time.monotonic() - began < 5) == (False, True)
    assert outbox.acquire_slot(hook.pk) is None
    assert states(hook) == {"pending"}


@pytest.mark.usefixtures("impatient")
@pytest.mark.django_db(transaction=True)
def test_late_answer_is_recorded_and_the_slot_is_free_again(house, hanging, notified):
    hook = decided(house, hanging.url)
    sender.drain(hook.pk)
    notified.clear()

    hanging.wait_for.set()
    sender.wait_for_background()

    assert states(hook) == {"delivered"}
    assert outbox.acquire_slot(hook.pk)
    assert notified == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.django_db(transaction=True)
def test_late_answers_share_a_few_database_connections(house, hanging, notified, monkeypatch):
    hooks = [hook_of(house, hanging.url) for _ in range(6)]
    reviewed(annotation(task(house.project), house.annotator), house.reviewer)
    record, at_once, most = outbox.record_attempt, [], []

    def watched(*args):
        at_once.append(args)
        most.append(len(at_once))
        record(*args)
        time.sleep(0.05)
        at_once.remove(args)

    monkeypatch.setattr(outbox, "record_attempt", watched)
    for hook in hooks:
        sender.drain(hook.pk)
    hanging.wait_for.set()
    sender.wait_for_background()

    assert [states(hook) for hook in hooks] == [{"delivered"}] * 6
    assert max(most) <= sender.BACKGROUND_CONNECTIONS


@pytest.mark.usefixtures("impatient")
@pytest.mark.django_db(transaction=True)
def test_late_batch_that_was_full_asks_for_the_next(house, hanging, notified):
    hook = decided(house, hanging.url, count=3, parallel=2)
    sender.drain(hook.pk)
    notified.clear()

    hanging.wait_for.set()
    sender.wait_for_background()

    assert notified == [hook.pk]
    assert sender.drain(hook.pk) is False
    sender.wait_for_background()
    assert states(hook) == {"delivered"}
    assert len(hanging.got) == 3


@pytest.mark.usefixtures("impatient")
@pytest.mark.django_db(transaction=True)
def test_endpoint_whose_late_answer_never_came_is_slow_from_then_on(house, hanging, notified, monkeypatch):
    monkeypatch.setattr(transport.post, "__kwdefaults__", {"seconds": 0.3})
    hook = decided(house, hanging.url)

    sender.drain(hook.pk)
    sender.wait_for_background()

    hook.refresh_from_db()
    (attempt,) = hook.deliveries.get().log.all()
    assert (attempt.error, hook.is_slow, states(hook)) == ("timeout", True, {"pending"})


@pytest.mark.usefixtures("impatient")
@pytest.mark.django_db(transaction=True)
def test_process_that_ends_waits_for_late_answers(house, hanging, notified):
    hook = decided(house, hanging.url)
    sender.drain(hook.pk)
    threading.Timer(0.3, hanging.wait_for.set).start()

    jobs.finish_sending()

    assert states(hook) == {"delivered"}


def test_hook_without_payload_gets_the_action_only(house, receiver):
    hook = hook_of(house, receiver.url, send_payload=False)

    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)

    assert receiver.bodies == [{"action": "ANNOTATION_ACCEPTED"}]
