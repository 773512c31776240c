"""What consumers hear of public campaigns."""

import json
from collections import Counter
from io import BytesIO

import pytest
from django.db import transaction

from crowd import campaigns
from crowd.counts import stats
from crowd.importing.importer import import_items
from crowd.models import Campaign, Submission
from crowd.submitting import submit
from tests.crowd.factories import answers, claimed, lines, review_next, reviewer
from tests.factories import client_of
from webhooks import outbox
from webhooks.models import Event
from webhooks.reference.openapi import examples
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import hook_of

CROWD = ["CROWD_REVIEW_CREATED", "ANNOTATION_TARGET_MET", "CAMPAIGN_COMPLETED"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(house) -> Campaign:
    """One item, which shows the house's annotation and wants one review."""
    campaign = campaigns.create(house.project, actor=house.lead, title="Kettles", target=1)
    named = {"annotation_unique_id": str(house.annotation.unique_id)}
    import_items(campaign, BytesIO(lines("a", **named)))
    return campaign


def sent() -> Counter[str]:
    return Counter(Event.objects.filter(action__in=CROWD).values_list("action", flat=True))


def shape(value):
    """The keys, all the way down."""
    return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else None


def test_the_last_review_of_a_campaign_is_three_signed_events(campaign, house, receiver):
    hook = hook_of(house, receiver.url, actions=CROWD)

    submission = review_next(campaign, ann := reviewer()).submission
    drain(hook.pk)

    got = {body["action"]: request.verified_by(secret_of(hook)) for request, body in _with_bodies(receiver)}
    where = {
        "campaign": {"id": campaign.pk, "slug": "kettles", "title": "Kettles"},
        "project": {"id": house.project.pk, "title": house.project.title},
    }
    item = {"anno_id": "a", "annotation": house.annotation.pk, "counted": 1, "target": 1}
    review = {"reviewer_id": ann.public_id, "anno_id": "a", "ts": submission.ts, "counted": True}
    wanted = {
        "CROWD_REVIEW_CREATED": {"crowd_review": review | _answers(submission), "item": item} | where,
        "ANNOTATION_TARGET_MET": {"item": item} | where,
        "CAMPAIGN_COMPLETED": {"stats": stats(campaign)} | where,
    }
    assert got == {
        action: {"event": action.lower(), "action": action, "timestamp": got[action]["timestamp"]} | body
        for action, body in wanted.items()
    }
    assert {action: shape(body) for action, body in got.items()} == {
        action: shape(examples()[action]) for action in CROWD
    }


def _with_bodies(receiver):
    return [(request, request.body) for request in receiver.got]


def _answers(submission: Submission) -> dict:
    return submission.answers | {"comment": submission.comment}


def test_nothing_is_said_of_a_person_but_their_public_id(campaign, house):
    ann = reviewer()
    review_next(campaign, ann)
    bodies = "".join(Event.objects.filter(action__in=CROWD).values_list("body", flat=True))
    assert ann.public_id in bodies
    assert ann.secret_hash not in bodies


def test_endpoints_that_want_everything_hear_nothing_of_campaigns(campaign, house, receiver):
    hook = hook_of(house, receiver.url, actions=[], send_for_all_actions=True)
    review_next(campaign, reviewer())
    assert not hook.deliveries.exists()


def test_a_review_that_is_rolled_back_is_not_announced(campaign):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        review_next(campaign, reviewer())
        raise ZeroDivisionError
    assert sent() == {}


def test_a_repeat_is_not_announced_and_a_replacement_is(campaign):
    review_next(campaign, ann := reviewer())
    submit(campaign, ann, "a", answers())
    assert sent()["CROWD_REVIEW_CREATED"] == 1
    submit(campaign, ann, "a", answers(tg=1), replace=True)
    assert sent() == {"CROWD_REVIEW_CREATED": 2, "ANNOTATION_TARGET_MET": 1, "CAMPAIGN_COMPLETED": 1}


def test_surplus_is_announced_as_not_counted(campaign):
    review_next(campaign, reviewer())
    submit(campaign, reviewer(), "a", answers())
    body = json.loads(Event.objects.filter(action="CROWD_REVIEW_CREATED").latest("pk").body)
    assert body["crowd_review"]["counted"] is False


REOPENED = {
    "more reviews": lambda campaign, lead, ann: campaigns.set_target(campaign, 2, actor=lead),
    "more items": lambda campaign, lead, ann: import_items(campaign, BytesIO(lines("b"))),
    "a blocked reviewer": lambda campaign, lead, ann: campaigns.block(campaign, ann, actor=lead),
}


@pytest.mark.parametrize("why", REOPENED)
def test_a_campaign_that_was_open_again_completes_again(campaign, house, why):
    review_next(campaign, ann := reviewer())
    REOPENED[why](campaign, house.lead, ann)
    assert sent()["CAMPAIGN_COMPLETED"] == 1

    claimed(campaign, bob := reviewer())
    review_next(campaign, bob)

    assert sent()["CAMPAIGN_COMPLETED"] == 2


def test_a_complete_campaign_that_wants_less_completes_once(campaign, house):
    campaigns.set_target(campaign, 2, actor=house.lead)
    for _ in range(2):
        review_next(campaign, reviewer())
    campaigns.set_target(campaign, 1, actor=house.lead)
    assert sent()["CAMPAIGN_COMPLETED"] == 1


def test_a_very_long_comment_is_shortened_with_a_mark(campaign):
    submit(campaign, reviewer(), "a", answers(comment="🫖" * 5000))
    text = Event.objects.get(action="CROWD_REVIEW_CREATED").body
    body = json.loads(text)
    assert (body["truncated"], body["crowd_review"]["comment"]) == (True, "🫖" * 1000)


def test_the_feed_lists_them(campaign, house):
    review_next(campaign, reviewer())
    outbox.assign_positions()
    page = client_of(house.lead).get(f"/api/events/?project={house.project.pk}").json()
    assert [event["action"] for event in page["results"]][-3:] == CROWD
