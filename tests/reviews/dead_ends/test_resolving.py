"""How managers see stuck tasks, and what each button does. The states are those of test_reasons."""

import pytest
from django.test import Client

from reviews.dead_ends.reasons import REASONS
from reviews.inbox.inbox import inbox_of
from tasks.models import Membership, Task
from tests.factories import client_of, member
from tests.reviews.dead_ends import test_reasons as states
from tests.reviews.steps import now
from users.models import User

REACHED = {
    "no_eligible_reviewer": states.the_lead_alone_who_wrote_it,
    "rounds_capped": states.rounds_spent,
    "skipped_by_all": states.skipped_by_everybody,
    "overlap_unreachable": states.too_much_wanted,
    "unassigned": states.by_hand,
    "ownerless": states.after(states.rejected("requeue"), states.leave),
}


@pytest.fixture
def stuck(house, request):
    REACHED[request.param](house)
    house.project.refresh_from_db()
    return request.param


def dead_ends(house, query: str = "") -> dict:
    return client_of(house.lead).get(f"/api/projects/{house.project.pk}/dead-ends/{query}").json()


def page_of(house) -> str:
    browser = Client()
    browser.force_login(house.lead)
    return browser.get(f"/inbox/projects/{house.project.pk}/").content.decode()


def press(house, **body):
    return client_of(house.lead).post(f"/api/tasks/{house.task.pk}/dead-end/", body)


def waits_for(user) -> list[tuple]:
    user = User.objects.get(pk=user.pk)
    return [(item.kind, item.task) for item in inbox_of(user).items]


# --- found --------------------------------------------------------------------------------------------


def test_every_reason_is_tried_here():
    assert set(REACHED) == set(REASONS)


@pytest.mark.parametrize("stuck", REACHED, indirect=True)
def test_a_manager_sees_it_with_its_buttons(house, stuck):
    body = dead_ends(house)

    assert [(row["reason"], row["task"]) for row in body["results"]] == [(stuck, house.task.pk)]
    row = body["results"][0]
    assert row["says"] == REASONS[stuck].sentence
    assert {"assign", "close"} <= set(row["buttons"]) <= set(REASONS[stuck].buttons)
    assert row["link"] == f"http://testserver/projects/{house.project.pk}/review/?task={house.task.pk}"
    assert row["user"] == (house.annotator.pk if stuck == "ownerless" else None)
    assert body["counts"] == {name: {"number": int(name == stuck), "is_estimate": False} for name in REASONS}
    shown = page_of(house)
    assert f"<code>{stuck}</code>" in shown
    assert all(
        f'value="{button}"' in shown or button == "decide" and "Decide myself" in shown
        for button in row["buttons"]
    )


@pytest.mark.parametrize(
    ("who", "status"), [("reviewer", 403), ("annotator", 403), ("stranger", 404), ("admin", 200)]
)
def test_only_managers_see_and_resolve_dead_ends(house, who, status):
    states.skipped_by_everybody(house)
    client = client_of(getattr(house, who))
    assert client.get(f"/api/projects/{house.project.pk}/dead-ends/").status_code == status
    pressed = client.post(f"/api/tasks/{house.task.pk}/dead-end/", {"press": "close", "because": "A blot"})
    assert pressed.status_code == status


# --- the buttons --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stuck", REACHED, indirect=True)
def test_closing_ends_it_and_is_undone(house, stuck):
    assert press(house, press="close", because="Black").json() == {"task": house.task.pk, "reasons": []}
    assert dead_ends(house)["results"] == []

    client_of(house.lead).delete(f"/api/tasks/{house.task.pk}/close/")
    assert [row["reason"] for row in dead_ends(house)["results"]] == [stuck]


# Reason → the new member who is named, and what waits for them then.
GIVEN = {
    "no_eligible_reviewer": ("AN", "to_review"),
    "rounds_capped": ("AN", "to_label"),
    "skipped_by_all": ("RE", "to_label"),
    "overlap_unreachable": ("RE", "to_label"),
    "unassigned": ("RE", "to_review"),
    "ownerless": ("AN", "to_label"),
}


@pytest.mark.parametrize("stuck", REACHED, indirect=True)
def test_assigning_puts_it_into_somebodys_inbox(house, stuck):
    role, kind = GIVEN[stuck]
    helper = member(house.project, role, "helper")
    if stuck == "overlap_unreachable":
        assert dead_ends(house)["counts"][stuck]["number"] == 1

    assert press(house, press="assign", to=helper.pk).json() == {"task": house.task.pk, "reasons": []}

    assert (kind, house.task.pk) in waits_for(helper)
    assert dead_ends(house)["results"] == []


@pytest.mark.parametrize("stuck", ["rounds_capped", "skipped_by_all"], indirect=True)
def test_returning_puts_it_into_the_authors_inbox(house, stuck):
    assert press(house, press="return").json()["reasons"] == []
    assert ("returned", house.task.pk) in waits_for(now(house).completed_by)


def test_returning_work_of_an_inactive_person_pools_it(house):
    REACHED["ownerless"](house)
    assert press(house, press="return").json()["reasons"] == []
    assert waits_for(house.annotator2) == [("to_label", house.task.pk)]


@pytest.mark.parametrize("stuck", ["rounds_capped", "unassigned"], indirect=True)
def test_a_manager_decides_it(house, stuck):
    row = dead_ends(house)["results"][0]
    assert "decide" in row["buttons"]

    assert client_of(house.lead).post(f"/api/annotations/{row['annotation']}/accept/").status_code == 200

    assert dead_ends(house)["results"] == []


# --- refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"press": "close"}, "because_required"),
        ({"press": "assign"}, "to_whom"),
        ({"press": "return", "reason": "ownerless"}, "not_stuck"),
    ],
)
def test_an_incomplete_request_is_refused_and_nothing_changes(house, body, code):
    states.skipped_by_everybody(house)
    before = Task.objects.values().get()
    assert (press(house, **body).status_code, press(house, **body).json()["code"]) == (400, code)
    assert Task.objects.values().get() == before


def test_a_task_that_is_not_stuck_has_no_buttons(house):
    assert press(house, press="close", because="Black").json()["code"] == "not_stuck"


def test_a_task_is_not_assigned_to_somebody_who_has_annotated_it(house):
    states.skipped_by_everybody(house)
    assert press(house, press="assign", to=house.annotator.pk).json()["code"] == "assignee_is_author"


def test_nobody_is_made_the_reviewer_of_their_own_work(house):
    states.the_lead_alone_who_wrote_it(house)
    assert press(house, press="assign", to=house.lead.pk).json()["code"] == "cannot_decide"


def test_a_stranger_is_not_assigned(house):
    states.skipped_by_everybody(house)
    assert press(house, press="assign", to=house.stranger.pk).status_code == 400
    assert not Membership.objects.filter(user=house.stranger).exists()
