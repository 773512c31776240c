"""The webhook triggers of the review actions: what a consumer gets for each verdict."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.serializers.bodies import annotation_body, person_body, review_body
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tests.factories import annotation, client_of, project, result, reviewed, task
from webhooks import endpoints
from webhooks.models import Delivery, Event
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import BRIEF, hook_of

FIVE_KEYS = ["event", "annotation", "reviewer", "comment", "timestamp"]


@pytest.mark.parametrize(
    ("door", "sent", "event"),
    [
        ("accept", {"comment": "fine"}, "annotation_accepted"),
        ("reject", {"comment": "not tight"}, "annotation_rejected"),
        ("fix-and-accept", {"comment": "was A", "result": result("C")}, "annotation_fixed_and_accepted"),
    ],
)
def test_verdict_over_rest_reaches_the_consumer(house, receiver, door, sent, event):
    hook = hook_of(house, receiver.url)

    answer = client_of(house.reviewer).post(f"/api/annotations/{house.annotation.pk}/{door}/", sent)
    drain(hook.pk)

    assert answer.status_code == 200
    (got,) = receiver.got
    review = Annotation.objects.get(pk=house.annotation.pk).reviews.get()
    after = Annotation.objects.select_related("task").get(pk=house.annotation.pk)
    assert got.verified_by(secret_of(hook)) == {
        "event": event,
        "annotation": annotation_body(after),
        "reviewer": person_body(house.reviewer),
        "comment": sent["comment"],
        "timestamp": review.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "review": review_body(review),
        "task": {
            "id": after.task_id,
            "unique_id": str(after.task.unique_id),
            "inner_id": after.task.inner_id,
            "reviewed": after.task.reviewed,
            "final_state": after.task.final_state,
        },
        "project": {"id": house.project.pk, "title": "Letters"},
        "annotation_seq": after.annotation_seq,
        "action": event.upper(),
    }
    assert list(got.body)[:5] == FIVE_KEYS


def test_comment_is_null_when_there_is_none(house, receiver):
    hook = hook_of(house, receiver.url)

    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)

    assert receiver.bodies[0]["comment"] is None


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


def test_undone_verdict_is_withdrawn_with_the_reason(house, receiver):
    hook = hook_of(
        house, receiver.url, actions=["ANNOTATION_REVIEW_WITHDRAWN", "REVIEWS_DELETED", "TASK_UNREVIEWED"]
    )
    decision = reviewed(house.annotation, house.reviewer)

    AnnotationReviewService(house.reviewer).undo(decision.review)
    drain(hook.pk)

    assert receiver.actions == ["ANNOTATION_REVIEW_WITHDRAWN", "REVIEWS_DELETED", "TASK_UNREVIEWED"]
    by_action = {body["action"]: body for body in receiver.bodies}
    withdrawn = by_action["ANNOTATION_REVIEW_WITHDRAWN"]
    assert list(withdrawn)[:5] == FIVE_KEYS
    assert (withdrawn["event"], withdrawn["reason"]) == ("annotation_review_withdrawn", "undone")
    assert withdrawn["annotation"]["last_action"] == "deleted_review"
    assert by_action["REVIEWS_DELETED"]["reviews"] == [
        {
            "id": decision.review.pk,
            "annotation": house.annotation.pk,
            "task": house.task.pk,
            "project": house.project.pk,
            "annotation_seq": 3,
        }
    ]


def test_review_events_do_not_come_through_all_actions(house, receiver):
    hook = hook_of(house, receiver.url, actions=[], send_for_all_actions=True)

    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)

    assert receiver.actions == ["REVIEW_CREATED"]


def test_hook_without_payload_gets_the_action_only(house, receiver):
    hook = hook_of(house, receiver.url, send_payload=False)

    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)

    assert receiver.bodies == [{"action": "ANNOTATION_ACCEPTED"}]


def test_event_is_written_also_when_nobody_listens(house):
    reviewed(house.annotation, house.reviewer)

    assert Event.objects.filter(action="ANNOTATION_ACCEPTED").count() == 1
    assert not Delivery.objects.exists()


def test_endpoint_switched_off_gets_no_delivery(house, receiver):
    hook = hook_of(house, receiver.url, is_active=False)

    reviewed(house.annotation, house.reviewer)

    assert not hook.deliveries.exists()


def test_hook_of_another_project_hears_nothing(house, receiver):
    hook = hook_of(house, receiver.url)
    elsewhere = project(title="Elsewhere", lead=house.lead)
    theirs = annotation(task(elsewhere), house.lead)

    reviewed(theirs, house.admin)

    assert not hook.deliveries.exists()


def test_site_wide_hook_hears_every_project(house, receiver):
    hook = endpoints.create(
        actor=house.admin, project=None, url=receiver.url, send_for_all_actions=False, actions=BRIEF
    )

    reviewed(house.annotation, house.reviewer)

    assert hook.deliveries.count() == 1


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


def test_reopened_selection_writes_its_events_together_behind_the_news(house, receiver):
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
