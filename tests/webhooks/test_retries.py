"""The retry schedule: what is retried, and when."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import reviewed
from webhooks.models import Delivery
from webhooks.sender import drain


@pytest.fixture
def delivery(house, hook) -> Delivery:
    """An accept that waits to be sent."""
    reviewed(house.annotation, house.reviewer)
    return hook.deliveries.get()


def wait_after_attempt(delivery: Delivery) -> float:
    """Seconds from the last attempt to the next, however long ago the last one was."""
    delivery.refresh_from_db()
    return (delivery.next_at - delivery.log.latest("id").at).total_seconds()


@pytest.mark.parametrize("status", [301, 400, 404, 500, 503])
def test_other_answers_than_2xx_are_tried_again(hook, delivery, receiver, status):
    receiver.statuses.append(status)
    receiver.headers = {"Location": receiver.url} if status == 301 else {}

    drain(hook.pk)

    assert len(receiver.got) == 1
    assert 4 <= wait_after_attempt(delivery) <= 7
    assert (delivery.state, delivery.log.get().status) == ("pending", status)


def test_schedule_ends_dead_after_ten_attempts(hook, delivery, receiver, due_now):
    receiver.statuses.extend([500] * 10)
    waits = []

    for _ in range(10):
        drain(hook.pk)
        waits.append(wait_after_attempt(delivery))
        due_now()

    expected = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert all(0.8 * e <= wait <= 1.2 * e + 1 for wait, e in zip(waits, expected, strict=False))
    assert (delivery.state, delivery.attempts, delivery.log.count()) == ("dead", 10, 10)
    hook.refresh_from_db()
    assert hook.consecutive_failures == 10


def test_time_scale_compresses_the_schedule(hook, delivery, receiver, settings):
    settings.WEBHOOK_TIME_SCALE = 0.1
    receiver.statuses.append(500)

    drain(hook.pk)

    assert 0.4 <= wait_after_attempt(delivery) <= 1.6


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("120", 115, 125), ("999999", 86390, 86405), ("soon", 55, 65), ("-5", 55, 65)],
)
def test_retry_after_is_honoured_up_to_a_day(hook, delivery, receiver, asked, least, most):
    receiver.statuses.append(429)
    receiver.headers = {"Retry-After": asked}

    drain(hook.pk)

    assert least <= wait_after_attempt(delivery) <= most


def test_retry_after_may_be_a_date(hook, delivery, receiver):
    moment = timezone.now() + timedelta(minutes=10)
    receiver.statuses.append(503)
    receiver.headers = {"Retry-After": moment.strftime("%a, %d %b %Y %H:%M:%S GMT")}

    drain(hook.pk)

    assert 590 <= wait_after_attempt(delivery) <= 605
