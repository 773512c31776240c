"""Pausing, removing and replacing people: nothing is lost, and nothing waits for them unnoticed."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews.models import QueueEntry
from reviews.service import AnnotationReviewService
from tasks.models import Annotation, Assignment, Membership, Reservation, Task
from tasks.services import assignments, drafts, members, ownerless_work, stream
from tests.factories import annotation, client_of, result, reviewed, task
from tests.reviews.steps import deactivate, leave, now, patch, pause
from tests.snapshots import refused

AWAY = {"paused": pause, "removed": leave, "inactive": deactivate}


def returned(house):
    """The annotation of the house, returned to its author."""
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")
    return house.annotation


def given(house, user, kind="AN"):
    work = task(house.project)
    assignments.assign([work], [user], kind)
    return work


def drawn(house, user):
    return stream.draw(house.project, Task.objects.visible_to(user).order_by("id"), user)


def ownerless(house) -> set[tuple]:
    return {
        (row["kind"], row["task"], row["person"], row["why"])
        for row in ownerless_work.of_project(house.project)
    }


@pytest.mark.parametrize("why", AWAY)
def test_work_that_waits_for_an_inactive_person_is_listed(house, why):
    work = returned(house)
    labels, checks = given(house, house.annotator), given(house, house.annotator, "RE")
    drafts.save(labels, actor=house.annotator, result=result("B"))
    at_work = ownerless(house)

    AWAY[why](house)

    who = house.annotator.pk
    assert at_work == set()
    assert ownerless(house) == {
        ("returned", work.task_id, who, why),
        ("assignment", labels.pk, who, why),
        ("assignment", checks.pk, who, why),
        ("draft", labels.pk, who, why),
    }


def test_finished_work_waits_for_nobody(house):
    assignments.assign([house.task], [house.annotator], "AN")
    reviewed(house.annotation, house.reviewer)
    pause(house)

    assert ownerless(house) == set()


@pytest.mark.parametrize("why", AWAY)
def test_work_and_verdicts_stay_under_their_name(house, why):
    returned(house)
    AWAY[why](house)

    assert (now(house).completed_by, now(house).last_action) == (house.annotator, "rejected")


def test_a_paused_person_gets_no_new_work_but_finishes_what_was_returned(house):
    task(house.project)
    work = returned(house)
    members.set_paused(house.membership(house.annotator), True, actor=house.lead)

    first = drawn(house, house.annotator)
    patch(house, "B", house.annotator)

    assert (first.task_id, first.annotation_id) == (work.task_id, work.pk)
    assert drawn(house, house.annotator) is None


@pytest.mark.parametrize("how", ["paused", "removed"])
def test_their_leases_and_reservations_are_released(house, how):
    task(house.project)
    drawn(house, house.annotator)
    QueueEntry.objects.update(
        lease="00000000-0000-0000-0000-000000000001",
        leased_to=house.annotator,
        leased_until=timezone.now() + timedelta(minutes=5),
    )
    membership = house.membership(house.annotator)

    if how == "paused":
        members.set_paused(membership, True, actor=house.lead)
    else:
        members.remove(membership, actor=house.lead)

    assert not Reservation.objects.exists()
    assert list(QueueEntry.objects.values_list("lease", "leased_to")) == [(None, None)]


def reassign(house, to=None, by="lead"):
    return AnnotationReviewService(getattr(house, by)).reassign(house.project, house.annotator, to=to)


@pytest.mark.usefixtures("adds_up")
@pytest.mark.parametrize("why", AWAY)
def test_work_goes_to_another_person(house, why):
    work, labels = returned(house), given(house, house.annotator)
    AWAY[why](house)

    moved = reassign(house, to=house.annotator2)

    assert (moved.returned, moved.assignments, moved.left) == (1, 1, 0)
    assert ownerless(house) == set()
    assigned = set(Assignment.objects.values_list("task", "user"))
    assert assigned == {(work.task_id, house.annotator2.pk), (labels.pk, house.annotator2.pk)}
    assert drawn(house, house.annotator2).task_id == work.task_id
    assert (now(house).last_action, now(house).returned_to, now(house).rounds) == ("rejected", None, 1)


@pytest.mark.usefixtures("adds_up")
def test_work_goes_to_the_pool(house):
    work = returned(house)
    given(house, house.annotator)
    leave(house)

    moved = reassign(house)

    assert (moved.returned, moved.assignments) == (1, 1)
    assert not Assignment.objects.exists()
    assert drawn(house, house.annotator2).task_id == work.task_id


def test_work_that_the_other_person_may_not_take_stays(house):
    labels, checks = given(house, house.annotator), given(house, house.annotator, "RE")
    annotation(Task.objects.get(pk=labels.pk), house.annotator2, was_cancelled=True, result=[])
    pause(house)

    moved = reassign(house, to=house.annotator2)

    assert (moved.assignments, moved.left) == (0, 2)
    assert set(Assignment.objects.values_list("task", flat=True)) == {labels.pk, checks.pk}


def test_inactive_people_are_not_assigned_work(house):
    Membership.objects.filter(user=house.annotator2).update(paused=True)
    returned(house)

    with refused("not_at_work", field="to"):
        reassign(house, to=house.annotator2)
    with refused("not_at_work", field="to"):
        reassign(house, to=house.stranger)


@pytest.mark.parametrize("who", ["reviewer", "annotator"])
def test_only_managers_reassign(house, who):
    with refused("permission_denied", 403):
        reassign(house, by=who)


# --- over the API ---------------------------------------------------------------------------------


def test_managers_pause_and_list_and_reassign(house):
    lead, path = client_of(house.lead), f"/api/projects/{house.project.pk}"
    work = returned(house)

    paused = lead.patch(f"{path}/members/", {"user": house.annotator.pk, "paused": True})
    (row,) = lead.get(f"{path}/ownerless/").json()["results"]
    answer = lead.post(f"{path}/reassign/", {"from": house.annotator.pk, "to": house.annotator2.pk})

    assert (paused.status_code, paused.json()["paused"]) == (200, True)
    assert {name: row[name] for name in ("kind", "id", "task", "annotation", "user", "why")} == {
        "kind": "returned",
        "id": work.pk,
        "task": work.task_id,
        "annotation": work.pk,
        "user": house.annotator.pk,
        "why": "paused",
    }
    assert answer.json() == {"returned": 1, "assignments": 0, "left": 0}
    assert lead.get(f"{path}/ownerless/").json()["results"] == []


def test_a_role_is_paused_by_its_own_address(house):
    pk = house.membership(house.annotator).pk

    answer = client_of(house.lead).patch(f"/api/projects/roles/{pk}/", {"paused": True})

    assert (answer.status_code, answer.json()["paused"]) == (200, True)
    assert house.membership(house.annotator).paused


@pytest.mark.parametrize("body", [{}, {"to": 1, "pool": True}, {"pool": False}])
def test_reassigning_needs_a_recipient(house, body):
    answer = client_of(house.lead).post(
        f"/api/projects/{house.project.pk}/reassign/", {"from": house.annotator.pk} | body, format="json"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "to_whom")


@pytest.mark.parametrize("sent", [{"pool": True}, {"from": "x", "pool": True}, {"from": 10**9, "pool": True}])
def test_reassigning_needs_a_known_person(house, sent):
    answer = client_of(house.lead).post(f"/api/projects/{house.project.pk}/reassign/", sent, format="json")

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["from"])


@pytest.mark.parametrize("sent", [[1], "x", 5])
@pytest.mark.parametrize(("method", "path"), [("post", "reassign"), ("delete", "members")])
def test_a_body_that_is_not_an_object_is_refused(house, method, path, sent):
    answer = getattr(client_of(house.lead), method)(
        f"/api/projects/{house.project.pk}/{path}/", sent, format="json"
    )

    assert answer.status_code == 400
    assert house.project.memberships.filter(user=house.annotator).exists()


@pytest.mark.parametrize("who", ["reviewer", "annotator"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "ownerless", {}),
        ("post", "reassign", {"from": 1, "pool": True}),
        ("patch", "members", {"user": 1, "paused": True}),
    ],
)
def test_others_may_not(house, who, method, path, body):
    client = client_of(getattr(house, who))
    asked = {} if method == "get" else {"data": body, "format": "json"}

    assert getattr(client, method)(f"/api/projects/{house.project.pk}/{path}/", **asked).status_code == 403


def test_the_list_costs_the_same_for_one_and_for_three(house):
    lead, counts = client_of(house.lead), []
    pause(house)
    lead.get(f"/api/projects/{house.project.pk}/ownerless/")
    for _ in range(2):
        given(house, house.annotator)
        with CaptureQueriesContext(connection) as asked:
            lead.get(f"/api/projects/{house.project.pk}/ownerless/")
        counts.append(len(asked))
        given(house, house.annotator)

    assert counts[0] == counts[1]
    assert Annotation.objects.count() == 1
