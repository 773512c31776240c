"""Contesting over the API, and who sees which dispute."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.service import AnnotationReviewService
from tests.factories import annotation, client_of, reviewed, task
from webhooks.models import Event

REASON = {"reason": "It is an A"}


def contest(house, user, body=REASON):
    return client_of(user).post(f"/api/annotations/{house.annotation.pk}/contest/", body)


def listed(house, user, **query):
    return client_of(user).get(f"/api/projects/{house.project.pk}/disputes/", query).json()["results"]


@pytest.fixture
def rejected(house):
    house.review = reviewed(house.annotation, house.reviewer, "rejected", comment="It is a B").review
    return house


@pytest.fixture
def contested(rejected):
    assert contest(rejected, rejected.annotator).status_code == 201
    rejected.annotation.refresh_from_db()
    return rejected


def test_contest_answers_with_the_dispute(rejected):
    answer = contest(rejected, rejected.annotator)

    body = answer.json()
    assert answer.status_code == 201
    assert {
        name: body[name] for name in ("annotation", "review", "reason", "comment", "contested_by", "outcome")
    } == {
        "annotation": rejected.annotation.pk,
        "review": rejected.review.pk,
        "reason": "It is an A",
        "comment": "It is a B",
        "contested_by": rejected.annotator.pk,
        "outcome": None,
    }
    assert body["rejected_by"] == rejected.reviewer.pk  # the project shows reviewers' names
    assert answer["ETag"] == '"3"'


def test_consumers_hear_of_it_once(rejected):
    Event.objects.all().delete()

    contest(rejected, rejected.annotator)

    told = {event.action: json.loads(event.body)["annotation"] for event in Event.objects.all()}
    assert sorted(told) == ["ANNOTATION_CONTESTED", "ANNOTATION_UPDATED"]
    for said in told.values():
        assert said["last_action"] == "rejected"
        assert said["contested_at"] is not None


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}])
def test_the_reason_is_asked_for(rejected, body):
    answer = contest(rejected, rejected.annotator, body)

    assert answer.status_code == 400
    assert list(answer.json()["validation_errors"]) == ["reason"]


def test_the_annotation_says_that_it_is_contested(contested):
    body = client_of(contested.annotator).get(f"/api/annotations/{contested.annotation.pk}/").json()

    assert (body["rounds"], body["last_action"]) == (1, "rejected")
    assert body["contested_at"] is not None
    assert body["refusals"]["contest"]["code"] == "already_contested"


def test_buttons_of_the_author_and_of_reviewers(contested):
    path = f"/api/annotations/{contested.annotation.pk}/"
    buttons = {
        name: [
            action
            for action in client_of(getattr(contested, name)).get(path).json()["allowed_actions"]
            if action not in ("edit", "skip", "delete", "take_back")
        ]
        for name in ("annotator", "reviewer", "reviewer2", "lead")
    }

    assert buttons == {
        "annotator": [],
        "reviewer": ["undo", "reopen"],
        "reviewer2": ["accept", "reject", "fix_and_accept", "reopen"],
        "lead": ["accept", "reject", "fix_and_accept", "undo", "reopen"],
    }


@pytest.mark.parametrize(
    ("who", "rejected_by"),
    [
        ("lead", "reviewer"),
        ("admin", "reviewer"),
        ("reviewer", "reviewer"),
        ("reviewer2", None),
        ("annotator", "reviewer"),
    ],
)
def test_who_sees_an_open_dispute_and_who_rejected(contested, who, rejected_by):
    (row,) = listed(contested, getattr(contested, who))

    assert row["rejected_by"] == (rejected_by and getattr(contested, rejected_by).pk)


def test_others_see_no_dispute(contested):
    assert listed(contested, contested.annotator2) == []
    assert (
        client_of(contested.stranger).get(f"/api/projects/{contested.project.pk}/disputes/").status_code
        == 404
    )


def test_a_decided_dispute_is_seen_by_those_it_concerns(contested):
    AnnotationReviewService(contested.lead).accept(contested.annotation)

    seen = {
        who: len(listed(contested, getattr(contested, who)))
        for who in ("lead", "annotator", "reviewer", "reviewer2")
    }
    assert seen == {"lead": 1, "annotator": 1, "reviewer": 1, "reviewer2": 0}
    assert [row["outcome"] for row in listed(contested, contested.lead, outcome="overturned")] == [
        "overturned"
    ]
    assert listed(contested, contested.lead, outcome="open") == []


def test_annotators_are_not_told_names_where_the_project_hides_them(contested):
    contested.project.show_reviewer_names = False
    contested.project.save()
    AnnotationReviewService(contested.reviewer2).accept(contested.annotation)

    (row,) = listed(contested, contested.annotator)

    assert (row["rejected_by"], row["decided_by"], row["outcome"]) == (None, None, "overturned")


def test_records_of_everybody_for_leads_and_of_oneself(contested):
    path = f"/api/projects/{contested.project.pk}/disputes/records/"
    none = dict.fromkeys(("contested", "open", "upheld", "overturned", "withdrawn"), 0)
    none |= dict.fromkeys(
        ("verdicts_open", "verdicts_upheld", "verdicts_overturned", "verdicts_withdrawn"), 0
    )
    author = {"user": contested.annotator.pk} | none | {"contested": 1, "open": 1}
    first = {"user": contested.reviewer.pk} | none | {"verdicts_open": 1}

    assert client_of(contested.lead).get(path).json() == sorted([author, first], key=lambda row: row["user"])
    assert client_of(contested.annotator).get(path).json() == [author]
    assert client_of(contested.reviewer2).get(path).json() == [{"user": contested.reviewer2.pk} | none]


def test_the_list_costs_the_same_for_one_and_for_three(contested):
    counts = []
    for _ in range(2):
        client = client_of(contested.reviewer2)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(f"/api/projects/{contested.project.pk}/disputes/").status_code == 200
        counts.append(len(asked))
        for _ in range(2):
            work = annotation(task(contested.project), contested.annotator)
            reviewed(work, contested.reviewer, "rejected")
            AnnotationReviewService(contested.annotator).contest(work, reason="No")

    assert counts[0] == counts[1]
