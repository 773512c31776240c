"""Events of what happens around the work: once for each change, and only to endpoints that list them."""

import json
from collections import Counter

import pytest
from django.db import transaction

from reviews import comments
from reviews.service import AnnotationReviewService
from tasks.models import Assignment
from tasks.services import annotations, assignments, closing, drafts, members
from tests.factories import annotation, client_of, person, result, reviewed, task
from users.capabilities import Role
from webhooks.catalogue import CATALOGUE
from webhooks.models import Delivery, Event

from .steps import NOBODY, hook_of

NAMED = [
    "ANNOTATION_CONTESTED",
    "ANNOTATION_REOPENED",
    "TASK_CLOSED",
    "TASK_REOPENED",
    "COMMENT_CREATED",
    "COMMENT_UPDATED",
    "COMMENT_DELETED",
    "ASSIGNMENTS_CREATED",
    "ASSIGNMENTS_DELETED",
    "MEMBER_ADDED",
    "MEMBER_UPDATED",
    "MEMBER_REMOVED",
]


@pytest.fixture(autouse=True)
def nothing_told_yet(house) -> None:
    """The house's own people joined it, too."""
    Event.objects.all().delete()


def heard() -> Counter[str]:
    return Counter(Event.objects.filter(action__in=NAMED).values_list("action", flat=True))


def last_body(action: str) -> dict:
    return json.loads(Event.objects.filter(action=action).latest("pk").body)


def test_they_are_sent_by_name_only(house):
    everything = hook_of(house, NOBODY, send_for_all_actions=True, actions=[])
    named = hook_of(house, NOBODY, actions=["COMMENT_CREATED"])

    comments.create(house.annotation, "Look here", actor=house.reviewer)

    assert all(CATALOGUE[action].by_name for action in NAMED)
    assert list(Delivery.objects.values_list("webhook", "event__action")) == [(named.pk, "COMMENT_CREATED")]
    assert everything.pk != named.pk


def test_contest_is_told_with_its_reason(house):
    reviewed(house.annotation, house.reviewer, "rejected")

    AnnotationReviewService(house.annotator).contest(house.annotation, reason="It is an A.")

    body = last_body("ANNOTATION_CONTESTED")
    assert heard() == {"ANNOTATION_CONTESTED": 1}
    assert (body["event"], body["dispute"]["reason"]) == ("annotation_contested", "It is an A.")
    assert body["actor"]["id"] == body["dispute"]["contested_by"]["id"] == house.annotator.pk
    assert body["annotation_seq"] == body["annotation"]["annotation_seq"]


@pytest.mark.parametrize(("to", "who"), [("author", "annotator"), ("anyone", None)])
def test_reopening_is_told_with_whom_it_returns_to(house, to, who):
    AnnotationReviewService(house.lead).reopen(house.annotation.pk, to=to, comment="New guideline.")

    body = last_body("ANNOTATION_REOPENED")
    assert heard() == {"ANNOTATION_REOPENED": 1, "COMMENT_CREATED": heard()["COMMENT_CREATED"]}
    assert body["comment"] == "New guideline."
    assert body["returned_to"] == (getattr(house, who).pk if who else None)


def test_many_reopened_are_told_one_by_one(house):
    work = [house.annotation.pk, annotation(task(house.project), house.annotator).pk]

    AnnotationReviewService(house.lead).reopen_many(work)

    assert heard() == {"ANNOTATION_REOPENED": 2}


def test_closing_and_opening_again_are_told_once(house):
    for _ in range(2):
        closing.close(house.task.pk, reason="Cut off.", actor=house.lead)
    closed = last_body("TASK_CLOSED")
    for _ in range(2):
        closing.open_again(house.task.pk, actor=house.lead)

    assert heard() == {"TASK_CLOSED": 1, "TASK_REOPENED": 1}
    assert (closed["because"], last_body("TASK_REOPENED")["because"]) == ("Cut off.", None)
    assert closed["task"]["id"] == house.task.pk


def test_a_comment_is_told_from_its_first_word_to_its_end(house):
    comment = comments.create(house.annotation, "Look here", actor=house.reviewer)
    comments.update(comment, actor=house.annotator, is_resolved=True)
    comments.delete(comment, actor=house.reviewer)

    assert heard() == {"COMMENT_CREATED": 1, "COMMENT_UPDATED": 1, "COMMENT_DELETED": 1}
    assert last_body("COMMENT_CREATED")["comment"]["text"] == "Look here"
    assert last_body("COMMENT_UPDATED")["comment"]["is_resolved"] is True
    assert last_body("COMMENT_DELETED")["comment"] == {
        "id": comment.pk,
        "unique_id": None,
        "annotation": house.annotation.pk,
        "task": house.task.pk,
    }


def test_a_comment_on_a_draft_is_told_again_when_it_is_submitted(house):
    draft = drafts.save(house.task, actor=house.annotator2, result=result("A"))
    comments.create_on_draft(house.task, "Unsure", actor=house.annotator2, draft_id=draft.pk)
    work = annotations.Work(result=result("A"), draft_id=draft.pk)

    made = annotations.submit(house.task, work, actor=house.annotator2)

    assert heard() == {"COMMENT_CREATED": 1, "COMMENT_UPDATED": 1}
    assert last_body("COMMENT_UPDATED")["comment"]["annotation"] == made.pk


def test_assignments_are_told_once_each(house):
    tasks = [house.task, task(house.project)]
    for _ in range(2):
        assignments.assign(tasks, [house.annotator, house.stranger], "AN", actor=house.lead)
    told = last_body("ASSIGNMENTS_CREATED")
    assignments.replace(tasks[:1], [house.annotator2], "AN", actor=house.lead)
    for _ in range(2):
        assignments.unassign(tasks, actor=house.lead)

    assert [(row["task"], row["user"]["id"], row["type"]) for row in told["assignments"]] == [
        (one.pk, house.annotator.pk, "AN") for one in tasks
    ]
    assert heard() == {"ASSIGNMENTS_CREATED": 2, "ASSIGNMENTS_DELETED": 2}
    assert not Assignment.objects.exists()


def test_assignments_come_in_pages(house, monkeypatch):
    monkeypatch.setattr("webhooks.listener.chunks", lambda rows, at_most: [rows[:2], rows[2:]])

    assignments.assign([house.task, task(house.project)], [house.annotator, house.annotator2], "AN")

    assert heard() == {"ASSIGNMENTS_CREATED": 2}


def test_members_are_told_from_joining_to_leaving(house):
    client, url = client_of(house.lead), f"/api/projects/{house.project.pk}/members/"
    someone = person("someone")
    joined = members.set_role(house.project, someone, Role.ANNOTATOR, actor=house.lead)
    members.set_role(house.project, someone, Role.ANNOTATOR, actor=house.lead)
    assert heard() == {"MEMBER_ADDED": 1}

    members.set_role(house.project, someone, Role.REVIEWER, actor=house.lead)
    for _ in range(2):
        members.set_paused(joined, True, actor=house.lead)
    answer = client.delete(url, {"user": someone.pk})

    assert answer.status_code == 204
    assert heard() == {"MEMBER_ADDED": 1, "MEMBER_UPDATED": 2, "MEMBER_REMOVED": 1}
    body = last_body("MEMBER_REMOVED")
    assert (body["member"]["user"]["id"], body["member"]["role"]) == (someone.pk, "RE")
    assert body["actor"]["id"] == house.lead.pk


def test_what_is_rolled_back_is_not_told(house):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        comments.create(house.annotation, "Look here", actor=house.reviewer)
        raise ZeroDivisionError

    assert heard() == {}


def test_a_long_comment_is_shortened_in_the_body(house):
    comments.create(house.annotation, "😀" * 9_000, actor=house.reviewer)

    body = last_body("COMMENT_CREATED")
    assert body["truncated"] is True
    assert len(body["comment"]["text"]) == 1000
