"""Positions, claims and leases, and pruning."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tasks.transport import Answer
from tests.factories import annotation, build_house, client_of, reviewed, task
from webhooks import outbox
from webhooks.models import Attempt, Delivery, Event, Webhook
from webhooks.sender import drain

from .steps import OK, decide


def positions() -> list[int]:
    return list(Event.objects.exclude(position=None).order_by("id").values_list("position", flat=True))


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


def killed_workers(hook, *, times: int, due_now) -> list[int]:
    """Workers that claimed and were never heard of again; how many deliveries each had in its hands."""
    in_hand = []
    for _ in range(times):
        in_hand.append(len(outbox.claim_abandoned(hook.pk) or outbox.claim(hook.pk, 8)))
        due_now()
    return in_hand


@pytest.mark.django_db(transaction=True)
def test_lower_id_that_commits_later_gets_the_higher_position():
    """Why positions are not ids: a consumer that reads up to the newest id would miss this one."""
    house = build_house()
    outbox.assign_positions()
    written, finish = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            task(house.project, text="slow")
            written.set()
            finish.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(10)
    reviewed(house.annotation, house.reviewer)
    outbox.assign_positions()
    fast = set(Event.objects.values_list("pk", flat=True))
    last = max(positions())
    finish.set()
    thread.join()
    outbox.assign_positions()

    late = Event.objects.exclude(pk__in=fast).get()
    assert late.pk < max(fast)
    assert late.position > last


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_give_each_position_once():
    house = build_house()
    for _ in range(20):
        task(house.project)
    with transaction.atomic():
        outbox.assign_positions()
        results = []

        def other() -> None:
            results.append(outbox.assign_positions())
            connection.close()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert results == [0]
    assert Event.objects.filter(position=None).count() == 0
    assert positions() == sorted(positions())


def test_positions_are_never_given_twice(house):
    outbox.assign_positions()
    last = max(positions())
    Event.objects.all().delete()

    task(house.project)
    outbox.assign_positions()

    assert min(positions()) > last


def test_live_events_are_sent_before_bulk_ones(hook, house, receiver):
    client = client_of(house.lead)
    many = [annotation(task(house.project), house.annotator).pk for _ in range(12)]
    client.post("/api/annotations/bulk-review/", {"annotations": many, "action": "accept"}, "json")
    decide(house)
    Webhook.objects.filter(pk=hook.pk).update(parallel=1)

    drain(hook.pk)

    newest = Event.objects.filter(action="ANNOTATION_ACCEPTED").latest("id")
    assert receiver.got[0].headers["webhook-id"] == str(newest.unique_id)
    assert len(receiver.got) == 13


def test_events_are_kept_thirty_days_with_their_log(hook, house):
    decide(house)
    drain(hook.pk)
    Event.objects.update(created_at=timezone.now() - timedelta(days=31))
    decide(house)
    young = Event.objects.filter(created_at__gt=timezone.now() - timedelta(days=1)).count()

    removed = outbox.prune()

    assert removed > 0
    assert (Event.objects.count(), Delivery.objects.count(), Attempt.objects.count()) == (young, 1, 0)


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
