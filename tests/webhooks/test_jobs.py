"""The Celery jobs."""

import pytest

from tests.factories import annotation, reviewed, task
from webhooks import jobs, notifier, outbox, sender
from webhooks.models import Event

from .steps import hook_of


@pytest.mark.django_db(transaction=True)
def test_sweep_finds_what_no_message_asked_for(house, receiver, monkeypatch):
    enqueued = []
    monkeypatch.setattr(notifier, "notify", lambda due: None)
    monkeypatch.setattr(
        notifier, "enqueue_drain", lambda webhook_id, is_slow: enqueued.append((webhook_id, is_slow))
    )
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer)

    jobs.sweep()

    assert enqueued == [(hook.pk, False)]
    assert Event.objects.filter(position=None).count() == 0
    assert outbox.oldest_due_seconds() > 0


@pytest.mark.django_db(transaction=True)
def test_drain_that_runs_out_of_time_asks_for_another(house, receiver, monkeypatch):
    enqueued = []
    monkeypatch.setattr(
        notifier, "enqueue_drain", lambda webhook_id, is_slow: enqueued.append((webhook_id, is_slow))
    )
    monkeypatch.setattr(sender, "BUDGET_SECONDS", 0.01)
    hook = hook_of(house, receiver.url)
    for _ in range(hook.parallel + 1):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)

    jobs.drain(hook.pk)

    assert enqueued == [(hook.pk, False)]
    assert len(receiver.got) == hook.parallel
