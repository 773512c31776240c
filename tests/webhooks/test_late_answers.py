"""An endpoint that is slow to answer keeps its slot, and no process that sends to the others."""

import threading
import time

import pytest

from tests.factories import annotation, reviewed, task
from webhooks import jobs, notifier, outbox, sender, transport
from webhooks.models import Webhook

from .receiver import Receiver
from .steps import hook_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(sender, "WAIT_SECONDS", 0.05)
    yield
    sender.wait_for_background()


@pytest.fixture
def rung(monkeypatch) -> list[int]:
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


def test_job_does_not_wait_for_an_endpoint_that_hangs(house, hanging, rung):
    hook = decided(house, hanging.url)

    began = time.monotonic()
    more = sender.drain(hook.pk)

    assert (more, time.monotonic() - began < 5) == (False, True)
    assert outbox.acquire_slot(hook.pk) is None
    assert states(hook) == {"pending"}


def test_late_answer_is_recorded_and_the_slot_is_free_again(house, hanging, rung):
    hook = decided(house, hanging.url)
    sender.drain(hook.pk)
    rung.clear()

    hanging.wait_for.set()
    sender.wait_for_background()

    assert states(hook) == {"delivered"}
    assert outbox.acquire_slot(hook.pk)
    assert rung == []


def test_late_answers_that_come_together_take_turns_at_the_database(house, hanging, rung, monkeypatch):
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


def test_late_batch_that_was_full_asks_for_the_next(house, hanging, rung):
    hook = decided(house, hanging.url, count=3, parallel=2)
    sender.drain(hook.pk)
    rung.clear()

    hanging.wait_for.set()
    sender.wait_for_background()

    assert rung == [hook.pk]
    assert sender.drain(hook.pk) is False
    sender.wait_for_background()
    assert states(hook) == {"delivered"}
    assert len(hanging.got) == 3


def test_endpoint_whose_late_answer_never_came_is_slow_from_then_on(house, hanging, rung, monkeypatch):
    monkeypatch.setattr(transport.post, "__kwdefaults__", {"seconds": 0.3})
    hook = decided(house, hanging.url)

    sender.drain(hook.pk)
    sender.wait_for_background()

    hook.refresh_from_db()
    (attempt,) = hook.deliveries.get().log.all()
    assert (attempt.error, hook.is_slow, states(hook)) == ("timeout", True, {"pending"})


def test_process_that_ends_waits_for_late_answers(house, hanging, rung):
    hook = decided(house, hanging.url)
    sender.drain(hook.pk)
    threading.Timer(0.3, hanging.wait_for.set).start()

    jobs.finish_sending()

    assert states(hook) == {"delivered"}
