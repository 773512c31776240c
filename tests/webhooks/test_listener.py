"""Which events a change makes, for whom, and that both are there or neither."""

import time

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from reviews.service import AnnotationReviewService
from tests.factories import annotation, client_of, project, reviewed, task
from webhooks import endpoints, notifier
from webhooks.models import Delivery, Event
from webhooks.sender import drain

from .steps import BRIEF, hook_of


class Changed(Exception):
    pass


@pytest.mark.parametrize(
    ("verdict", "actions"),
    [
        ("accepted", ["ANNOTATION_ACCEPTED", "REVIEW_CREATED", "TASK_REVIEWED"]),
        ("rejected", ["ANNOTATION_REJECTED", "REVIEW_CREATED"]),
        (
            "fixed_and_accepted",
            ["ANNOTATION_FIXED_AND_ACCEPTED", "ANNOTATION_UPDATED", "REVIEW_CREATED", "TASK_REVIEWED"],
        ),
    ],
)
def test_decision_writes_one_event_of_each_kind(house, verdict, actions):
    before = set(Event.objects.values_list("pk", flat=True))

    reviewed(house.annotation, house.reviewer, verdict)

    assert sorted(Event.objects.exclude(pk__in=before).values_list("action", flat=True)) == actions


def test_repeated_decision_writes_no_event(house):
    reviewed(house.annotation, house.reviewer)
    before = Event.objects.count()

    reviewed(house.annotation, house.reviewer)

    assert Event.objects.count() == before


def test_superseding_verdict_is_another_review_created(house):
    reviewed(house.annotation, house.reviewer)
    reviewed(house.annotation, house.reviewer2, "rejected")

    assert list(Event.objects.filter(action="REVIEW_CREATED").values_list("annotation_seq", flat=True)) == [
        3,
        2,
    ]


def test_review_events_do_not_come_through_all_actions(house, receiver):
    hook = hook_of(house, receiver.url, actions=[], send_for_all_actions=True)

    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)

    assert receiver.actions == ["REVIEW_CREATED"]


def test_event_is_stored_even_if_nobody_subscribes(house):
    reviewed(house.annotation, house.reviewer)

    assert Event.objects.filter(action="ANNOTATION_ACCEPTED").count() == 1
    assert not Delivery.objects.exists()


def test_disabled_endpoint_gets_no_delivery(house, receiver):
    hook = hook_of(house, receiver.url, is_active=False)

    reviewed(house.annotation, house.reviewer)

    assert not hook.deliveries.exists()


def test_endpoint_of_another_project_gets_nothing(house, receiver):
    hook = hook_of(house, receiver.url)
    elsewhere = project(title="Elsewhere", lead=house.lead)
    theirs = annotation(task(elsewhere), house.lead)

    reviewed(theirs, house.admin)

    assert not hook.deliveries.exists()


def test_site_wide_endpoint_gets_events_of_every_project(house, receiver):
    hook = endpoints.create(
        actor=house.admin, project=None, url=receiver.url, send_for_all_actions=False, actions=BRIEF
    )

    reviewed(house.annotation, house.reviewer)

    assert hook.deliveries.count() == 1


@pytest.mark.parametrize("count", [0, 3])
def test_decision_stores_its_events_and_deliveries_by_one_statement(house, receiver, count):
    for _ in range(count):
        hook_of(house, receiver.url)

    with CaptureQueriesContext(connection) as queries:
        AnnotationReviewService(house.reviewer).accept(house.annotation)

    assert len([query for query in queries if "webhooks_" in query["sql"]]) == 1
    assert list(Event.objects.order_by("id").values_list("action", flat=True))[-3:] == [
        "REVIEW_CREATED",
        "ANNOTATION_ACCEPTED",
        "TASK_REVIEWED",
    ]
    assert Delivery.objects.count() == count


def test_selection_writes_its_events_in_a_constant_number_of_queries(house, receiver):
    hook_of(house, receiver.url)
    first, *three = [annotation(task(house.project), house.annotator) for _ in range(4)]
    service = AnnotationReviewService(house.reviewer)
    service.accept_many([house.annotation])

    with CaptureQueriesContext(connection) as with_one:
        service.accept_many([first])
    with CaptureQueriesContext(connection) as with_three:
        service.accept_many(three)

    assert len(with_one) == len(with_three)
    assert Event.objects.filter(action="ANNOTATION_ACCEPTED").count() == 5
    assert Delivery.objects.count() == 5


def test_reopened_selection_writes_its_events_together_in_the_bulk_lane(house, receiver):
    hook = hook_of(house, receiver.url, actions=["ANNOTATION_UPDATED"])
    first, *many = [annotation(task(house.project), house.annotator) for _ in range(12)]
    service = AnnotationReviewService(house.reviewer)
    service.reopen_many([house.annotation])

    with CaptureQueriesContext(connection) as with_one:
        service.reopen_many([first])
    with CaptureQueriesContext(connection) as with_many:
        service.reopen_many(many)

    assert len(with_one) == len(with_many)
    assert (
        list(hook.deliveries.order_by("id").values_list("lane", flat=True))
        == [Delivery.Lane.LIVE] * 2 + [Delivery.Lane.BULK] * 11
    )


@pytest.mark.django_db(transaction=True)
def test_rolled_back_decision_leaves_no_event_and_notifies_nobody(house, receiver, monkeypatch):
    notified = []
    monkeypatch.setattr(notifier, "notify", notified.append)
    hook = hook_of(house, receiver.url)
    before = Event.objects.count()

    with pytest.raises(Changed), transaction.atomic():
        AnnotationReviewService(house.reviewer).accept(house.annotation)
        raise Changed
    drain(hook.pk)

    assert Event.objects.count() == before
    assert (receiver.got, notified) == ([], [])


@pytest.mark.django_db(transaction=True)
def test_refused_decision_leaves_no_event(house):
    before = Event.objects.count()

    answer = client_of(house.annotator).post(f"/api/annotations/{house.annotation.pk}/accept/")

    assert answer.status_code == 403
    assert Event.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_committed_decision_notifies_with_ids_of_endpoints_only(house, receiver, monkeypatch):
    notified = []
    monkeypatch.setattr(notifier, "notify", notified.append)
    hook = hook_of(house, receiver.url)

    with transaction.atomic():
        AnnotationReviewService(house.reviewer).accept(house.annotation)
        assert notified == []

    assert notified == [{hook.pk: False}]


@pytest.mark.django_db(transaction=True)
def test_body_is_as_it_was_at_the_decision(house, receiver):
    hook = hook_of(house, receiver.url)
    reviewed(house.annotation, house.reviewer)
    reviewed(house.annotation, house.reviewer2, "rejected")

    drain(hook.pk)

    sent = {body["event"]: body["annotation"]["last_action"] for body in receiver.bodies}
    assert sent == {"annotation_accepted": "accepted", "annotation_rejected": "rejected"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("consumer", ["slow", "dead"])
def test_slow_or_dead_consumer_does_not_slow_a_decision(house, receiver, consumer):
    receiver.delay = 15
    hook_of(house, receiver.url if consumer == "slow" else "http://127.0.0.1:9/")
    began = time.monotonic()

    reviewed(house.annotation, house.reviewer)

    assert time.monotonic() - began < 5
    assert Delivery.objects.get().state == "pending"
