"""Attempts: what counts as success, when the next one is, and that every one says the same."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks.webhooks import WebhookVerificationError

from tests.factories import annotation, reviewed, task
from webhooks import endpoints, outbox
from webhooks.models import Attempt, Delivery
from webhooks.sender import drain
from webhooks.signing import secret_of
from webhooks.transport import Answer

from .steps import hook_of

OK = Answer(status=200, error="", text="", duration=0.1)


@pytest.fixture
def hook(house, receiver):
    return hook_of(house, receiver.url)


@pytest.fixture
def delivery(house, hook) -> Delivery:
    """An accept that waits to be sent."""
    reviewed(house.annotation, house.reviewer)
    return hook.deliveries.get()


def seconds_until_next(delivery: Delivery) -> float:
    delivery.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    return (delivery.next_at - now).total_seconds()


def wait_after_attempt(delivery: Delivery) -> float:
    """Seconds from the last attempt to the next, however long ago the last one was."""
    delivery.refresh_from_db()
    return (delivery.next_at - delivery.log.latest("id").at).total_seconds()


def test_delivery_is_sent_and_logged(hook, delivery, receiver):
    drain(hook.pk)

    delivery.refresh_from_db()
    attempt = delivery.log.get()
    assert (delivery.state, delivery.attempts, delivery.lease) == ("delivered", 1, None)
    assert (attempt.number, attempt.status, attempt.error, attempt.answer) == (1, 200, "", "thanks")
    assert 0 < attempt.duration < 5


def test_every_attempt_has_the_same_id_and_bytes_and_its_own_signature(
    hook, delivery, receiver, due_now, monkeypatch
):
    receiver.statuses.extend([500, 500])
    claim, shift = outbox.claim, iter(range(0, 300, 100))

    def claim_later(*args):
        later = timedelta(seconds=next(shift))
        return [outbox.Claim(c.delivery, c.token, c.at + later) for c in claim(*args)]

    monkeypatch.setattr(outbox, "claim", claim_later)
    for _ in range(3):
        drain(hook.pk)
        due_now()

    assert len(receiver.got) == 3
    assert len({request.raw for request in receiver.got}) == 1
    assert {request.headers["webhook-id"] for request in receiver.got} == {str(delivery.event.unique_id)}
    assert len({request.headers["webhook-signature"] for request in receiver.got}) == 3
    assert all(request.verified_by(secret_of(hook)) for request in receiver.got)


def test_signature_with_another_secret_is_refused(hook, house, delivery, receiver):
    drain(hook.pk)

    with pytest.raises(WebhookVerificationError):
        receiver.got[0].verified_by(secret_of(hook_of(house, receiver.url)))


def test_older_secret_key_still_signs(hook, delivery, receiver, settings):
    kept_by_consumer = secret_of(hook)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    drain(hook.pk)

    assert receiver.got[0].verified_by(kept_by_consumer)
    assert receiver.got[0].verified_by(secret_of(hook))


def test_own_headers_go_along(house, hook, delivery, receiver):
    endpoints.change(hook, {"headers": {"Authorization": "Bearer abc"}})

    drain(hook.pk)

    headers = receiver.got[0].headers
    assert headers["authorization"] == "Bearer abc"
    assert headers["content-type"] == "application/json"


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


def test_gone_switches_the_endpoint_off_and_holds_what_waits(house, hook, delivery, receiver, due_now):
    receiver.statuses.append(410)
    drain(hook.pk)
    hook.refresh_from_db()
    delivery.refresh_from_db()

    assert (hook.is_active, hook.disabled_reason, delivery.state) == (False, "gone", "held")
    assert drain(hook.pk) is False


def test_switching_on_again_sends_what_was_held(hook, delivery, receiver):
    receiver.statuses.append(410)
    drain(hook.pk)
    hook.refresh_from_db()

    endpoints.change(hook, {"is_active": True})
    drain(hook.pk)

    hook.refresh_from_db()
    delivery.refresh_from_db()
    assert (delivery.state, hook.consecutive_failures, hook.disabled_reason) == ("delivered", 0, "")


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


def test_late_worker_cannot_overwrite(hook, delivery, due_now):
    (late,) = outbox.claim(hook.pk, 8)
    due_now()
    (current,) = outbox.claim_abandoned(hook.pk)

    outbox.record_attempt(current, OK)
    outbox.record_attempt(late, Answer(status=500, error="http_status", text="", duration=1))

    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    assert list(delivery.log.values_list("status", flat=True)) == [200, 500]


def test_claimed_delivery_is_nobody_elses_until_its_lease_ends(hook, delivery):
    outbox.claim(hook.pk, 8)

    assert outbox.claim(hook.pk, 8) == []
    assert 20 <= seconds_until_next(delivery) <= 30


def test_no_plan_of_the_database_claims_more_than_was_asked_for(house, hook, delivery):
    """One that looks up the rows anew for each row it meets finds others each time, because those claimed are
    due no more.
    """
    for _ in range(3):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)
    with connection.cursor() as cursor:
        for way in ("hashjoin", "mergejoin", "material", "hashagg", "sort", "indexscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")

        assert len(outbox.claim(hook.pk, 2)) == 2


def killed_workers(hook, *, times: int, due_now) -> list[int]:
    """Workers that claimed and were never heard of again; how many deliveries each had in its hands."""
    in_hand = []
    for _ in range(times):
        in_hand.append(len(outbox.claim_abandoned(hook.pk) or outbox.claim(hook.pk, 8)))
        due_now()
    return in_hand


def test_delivery_that_kills_its_worker_ends_dead(hook, delivery, due_now):
    assert killed_workers(hook, times=10, due_now=due_now) == [1] * 10

    assert outbox.claim_abandoned(hook.pk) == []
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("dead", 10)


def test_what_was_sent_beside_a_delivery_that_kills_arrives(house, hook, delivery, receiver, due_now):
    """They died together once. From then on each goes alone."""
    for _ in range(3):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)
    assert killed_workers(hook, times=1, due_now=due_now) == [4]
    (killer,) = outbox.claim_abandoned(hook.pk)
    Delivery.objects.exclude(pk=killer.delivery.pk).update(next_at="2000-01-01T00:00:00Z")

    drain(hook.pk)

    states = dict(hook.deliveries.values_list("pk", "state"))
    assert states.pop(killer.delivery.pk) == "pending"
    assert (set(states.values()), len(receiver.got)) == ({"delivered"}, 3)


def test_delivery_that_kills_waits_longer_each_time(hook, delivery, due_now):
    waits = []
    for _ in range(4):
        killed_workers(hook, times=1, due_now=lambda: waits.append(seconds_until_next(delivery)))
        due_now()

    assert waits == pytest.approx([30, 30 + 5, 30 + 300, 30 + 1800], abs=5)


def test_one_job_at_a_time_sends_to_an_endpoint(hook, delivery, receiver):
    slot = outbox.acquire_slot(hook.pk)

    assert drain(hook.pk) is False
    assert receiver.got == []
    assert outbox.due_webhooks() == {}
    outbox.release_slot(hook.pk, slot)
    assert outbox.due_webhooks() == {hook.pk: False}


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
