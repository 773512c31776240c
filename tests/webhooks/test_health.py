"""The health of an endpoint: when it is paused, disabled, and enabled again."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from tests.factories import reviewed
from webhooks import endpoints, health, jobs, outbox
from webhooks.models import Delivery, Webhook
from webhooks.sender import drain

from .steps import OK, REFUSED, decide


def rest_of(hook: Webhook) -> int:
    """Seconds for which it is left alone."""
    hook.refresh_from_db()
    return round((hook.rest_until - timezone.now()).total_seconds()) if hook.rest_until else 0


def days_pass(hook: Webhook, days: float) -> None:
    Webhook.objects.filter(pk=hook.pk).update(failing_since=timezone.now() - timedelta(days=days))


@pytest.fixture
def delivery(house, hook) -> Delivery:
    """An accept that waits to be sent."""
    reviewed(house.annotation, house.reviewer)
    return hook.deliveries.get()


def test_nothing_is_sent_for_a_while_after_two_attempts_without_an_answer(hook):
    rests = []
    for _ in range(4):
        Webhook.objects.filter(pk=hook.pk, rest_until__isnull=False).update(rest_until=timezone.now())
        health.record_answer(hook, REFUSED)
        rests.append(rest_of(hook))

    assert rests == pytest.approx([0, 5, 10, 20], abs=2)


def test_deliveries_that_fail_together_count_once(hook):
    """A consumer that starts anew meets eight at once, and must not wait five minutes for it."""
    for _ in range(8):
        health.record_answer(hook, REFUSED)

    assert rest_of(hook) == pytest.approx(5, abs=2)


def test_answer_ends_the_rest(hook, house):
    health.record_answer(hook, REFUSED)
    health.record_answer(hook, REFUSED)
    decide(house)
    assert outbox.due_webhooks() == {}

    health.record_answer(hook, OK)

    assert outbox.due_webhooks() == {hook.pk: False}


def test_nothing_is_sent_while_it_rests(hook, house, receiver):
    health.record_answer(hook, REFUSED)
    health.record_answer(hook, REFUSED)
    decide(house)

    drain(hook.pk)

    assert receiver.got == []


def test_five_days_without_a_success_disable_it_and_mail_the_managers(
    hook, house, django_capture_on_commit_callbacks
):
    health.record_answer(hook, REFUSED)
    decide(house)
    days_pass(hook, 5.01)

    with django_capture_on_commit_callbacks(execute=True):
        jobs.run_maintenance()

    hook.refresh_from_db()
    assert (hook.is_active, hook.disabled_reason) == (False, "failing")
    assert hook.deliveries.get().state == "held"
    (letter,) = mail.outbox
    assert letter.to == [house.lead.email]
    assert hook.url in letter.subject


@pytest.mark.parametrize("days", [None, 4.9])
def test_fewer_days_do_not(hook, days):
    health.record_answer(hook, REFUSED)
    if days:
        days_pass(hook, days)

    assert health.disable_failing() == 0


def test_events_while_it_is_disabled_are_held_and_sent_when_it_is_enabled(hook, house, receiver):
    health.disable(hook, "failing")
    decide(house, 3)
    assert [d.state for d in hook.deliveries.all()] == ["held"] * 3

    endpoints.change(hook, {"is_active": True})
    drain(hook.pk)

    assert len(receiver.got) == 3
    assert {d.state for d in hook.deliveries.all()} == {"delivered"}


def test_what_was_held_by_a_change_that_overlapped_the_enabling_is_sent(hook, house, receiver):
    """Its transaction saw the endpoint off, and committed when it was on."""
    decide(house)
    hook.deliveries.update(state="held")

    jobs.run_maintenance()
    drain(hook.pk)

    assert [d.state for d in hook.deliveries.all()] == ["delivered"]


def test_endpoint_disabled_by_a_person_misses_what_happens_meanwhile(hook, house):
    endpoints.change(hook, {"is_active": False})

    decide(house)

    assert hook.deliveries.count() == 0


def test_gone_disables_the_endpoint_and_holds_what_is_pending(house, hook, delivery, receiver, due_now):
    receiver.statuses.append(410)
    drain(hook.pk)
    hook.refresh_from_db()
    delivery.refresh_from_db()

    assert (hook.is_active, hook.disabled_reason, delivery.state) == (False, "gone", "held")
    assert drain(hook.pk) is False


def test_enabling_sends_what_was_held(hook, delivery, receiver):
    receiver.statuses.append(410)
    drain(hook.pk)
    hook.refresh_from_db()

    endpoints.change(hook, {"is_active": True})
    drain(hook.pk)

    hook.refresh_from_db()
    delivery.refresh_from_db()
    assert (delivery.state, hook.consecutive_failures, hook.disabled_reason) == ("delivered", 0, "")
