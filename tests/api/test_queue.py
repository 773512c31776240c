"""The review queue and the leases over HTTP."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.models import QueueEntry
from tasks.models import Reservation
from tasks.services import annotations, projects
from tests import factories
from tests.factories import annotation, client_of, result, reviewed, task


def next_of(house, who, query="") -> dict:
    answer = client_of(who).get(f"/api/projects/{house.project.pk}/review-queue/next/{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def leases_of(house, who):
    return client_of(who).get(f"/api/projects/{house.project.pk}/leases/")


def test_next_brings_all_that_a_decision_needs(house):
    body = next_of(house, house.reviewer)

    assert body["annotation"]["id"] == house.annotation.pk
    assert (body["task"]["id"], body["task"]["data"]) == (house.task.pk, {"text": "A letter"})
    assert body["allowed_actions"] == body["annotation"]["allowed_actions"]
    assert [row["action"] for row in body["history"]] == ["submitted"]
    assert (body["predictions"], body["comments"], body["changes"]) == ([], [], [])
    assert (body["queue"], body["remaining"], set(body["lease"])) == ("review", 1, {"id", "expires_at"})
    assert "reason" not in body and "remaining_is_estimate" not in body


def test_asking_again_gives_the_same_lease(house):
    annotation(task(house.project), house.annotator)

    assert next_of(house, house.reviewer)["lease"]["id"] == next_of(house, house.reviewer)["lease"]["id"]
    assert next_of(house, house.reviewer2)["annotation"]["id"] != house.annotation.pk


def test_nothing_left_is_200_with_a_reason(house):
    reviewed(house.annotation, house.reviewer)

    body = next_of(house, house.reviewer)

    assert (body["annotation"], body["remaining"], body["reason"]) == (None, 0, "done")
    assert body["detail"].endswith(".")


def test_stranger_learns_nothing_and_annotator_the_reason(house):
    url = f"/api/projects/{house.project.pk}/review-queue/next/"

    assert client_of(house.stranger).get(url).status_code == 404
    assert next_of(house, house.annotator)["reason"] == "not_a_reviewer"


def test_rejected_queue_and_reworked_item_with_its_changes(house):
    reviewed(house.annotation, house.reviewer, "rejected", comment="No A")
    assert next_of(house, house.reviewer, "?queue=rejected")["queue"] == "rejected"
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    body = next_of(house, house.reviewer)

    assert [one["sentence"] for one in body["changes"]] == ["A → B"]
    assert [one["text"] for one in body["comments"]] == ["No A"]


def test_task_opens_even_when_decided_without_a_lease(house):
    reviewed(house.annotation, house.reviewer)

    body = next_of(house, house.lead, f"?task={house.task.pk}")

    assert (body["annotation"]["id"], body["lease"], body["reason"]) == (house.annotation.pk, None, "decided")


def test_task_somebody_else_has_opens_without_a_lease(house):
    next_of(house, house.reviewer)

    body = next_of(house, house.lead, f"?task={house.task.pk}")

    assert (body["annotation"]["id"], body["lease"], body["reason"]) == (house.annotation.pk, None, "leased")


@pytest.mark.parametrize("query", ["?queue=none", "?task=x", "?aside=1,x"])
def test_wrong_question_is_400(house, query):
    answer = client_of(house.reviewer).get(f"/api/projects/{house.project.pk}/review-queue/next/{query}")

    assert answer.status_code == 400


def test_unknown_task_is_404(house):
    answer = client_of(house.reviewer).get(
        f"/api/projects/{house.project.pk}/review-queue/next/?task=99999999"
    )

    assert answer.status_code == 404


def test_next_takes_a_constant_number_of_queries(house):
    client, url = client_of(house.reviewer), f"/api/projects/{house.project.pk}/review-queue/next/"
    client.get(url)
    counts = []
    for more in (0, 3):
        for number in range(more):
            factories.reviewed(
                house.annotation, house.reviewer2, "rejected", comment=f"No {number}", reject_action="requeue"
            )
            annotations.edit(house.annotation.pk, {"result": result("BC"[number % 2])}, actor=house.annotator)
            annotation(house.task, factories.member(house.project, "AN", f"more-{number}"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).json()["annotation"]["id"] == house.annotation.pk
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2  # what it was last judged as, and nothing for each row


# --- leases -----------------------------------------------------------------------------------------


def test_lease_is_renewed_and_released(house):
    client, lease = client_of(house.reviewer), next_of(house, house.reviewer)["lease"]

    renewed = client.post(f"/api/leases/{lease['id']}/renew/")
    released = client.post(f"/api/leases/{lease['id']}/release/")
    again = client.post(f"/api/leases/{lease['id']}/renew/")

    assert (renewed.status_code, renewed.json()["id"]) == (200, lease["id"])
    assert renewed.json()["expires_at"] > lease["expires_at"]
    assert (released.status_code, again.status_code, again.json()["code"]) == (204, 404, "lease_ended")


@pytest.mark.parametrize("verb", ["renew", "release"])
def test_lease_of_somebody_else_is_404(house, verb):
    lease = next_of(house, house.reviewer)["lease"]["id"]

    for who in (house.reviewer2, house.stranger):
        answer = client_of(who).post(f"/api/leases/{lease}/{verb}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "lease_ended")
    assert QueueEntry.objects.get().leased_to == house.reviewer


def test_unknown_lease_is_404(house):
    assert (
        client_of(house.reviewer).post(f"/api/leases/{uuid.uuid4()}/renew/").json()["code"] == "lease_ended"
    )


def test_managers_see_who_has_what_and_release_it(house):
    fresh = task(house.project)
    review = next_of(house, house.reviewer)
    label = client_of(house.annotator2).get(f"/api/projects/{house.project.pk}/next/").json()

    rows = leases_of(house, house.lead).json()["results"]

    assert [(row["kind"], row["user"], row["task"], row["annotation"], row["id"]) for row in rows] == [
        ("review", house.reviewer.pk, house.task.pk, house.annotation.pk, review["lease"]["id"]),
        ("label", house.annotator2.pk, fresh.pk, None, label["lease"]["id"]),
    ]
    for row, held in zip(rows, (review, label), strict=True):
        assert row["since"] < row["expires_at"] == held["lease"]["expires_at"]
        assert client_of(house.lead).post(f"/api/leases/{row['id']}/release/").status_code == 204
    assert (leases_of(house, house.lead).json()["count"], Reservation.objects.count()) == (0, 0)


def test_leases_are_listed_for_managers_only_in_pages(house):
    for _ in range(3):
        annotation(task(house.project), house.annotator)
    for number in range(3):
        next_of(house, factories.member(house.project, "RE", f"r{number}"))

    assert leases_of(house, house.reviewer).status_code == 403
    page = client_of(house.lead).get(f"/api/projects/{house.project.pk}/leases/?page_size=2").json()
    assert (page["count"], len(page["results"])) == (3, 2)


# --- the label stream -------------------------------------------------------------------------------


def test_label_lease_is_renewed_over_the_same_address(house):
    task(house.project)
    body = client_of(house.annotator).get(f"/api/projects/{house.project.pk}/next/").json()

    renewed = client_of(house.annotator).post(f"/api/leases/{body['lease']['id']}/renew/")

    assert (renewed.status_code, renewed.json()["id"]) == (200, body["unique_lock_id"])


def test_returned_work_says_why_it_came_back(house):
    projects.update(
        house.project, {"reject_reasons": [{"code": "wrong", "text": "Wrong letter"}]}, actor=house.lead
    )
    house.annotation.refresh_from_db()
    decision = reviewed(house.annotation, house.reviewer, "rejected", comment="Look again", reason="wrong")

    body = client_of(house.annotator).get(f"/api/projects/{house.project.pk}/next/").json()

    since = body["returned"].pop("since")
    assert since and body["lease"] is None
    assert body["returned"] == {
        "review": decision.review.pk,
        "comment": "Look again",
        "reason": "wrong",
        "reject_action": "requeue",
        "rounds": 1,
        "changes": [],
    }
