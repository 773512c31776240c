"""The people of a project: adding, listing and removing them."""

import pytest

from tasks.models import Membership
from tests.factories import annotation, client_of


def at(house, path: str) -> str:
    return f"/api/projects/{house.project.pk}/{path}"


def test_a_manager_adds_a_person_they_know_as_annotator(house):
    answer = client_of(house.admin).post(at(house, "members"), {"user": house.stranger.pk})

    assert (answer.status_code, answer.json()) == (201, {"user": house.stranger.pk, "role": "AN"})
    assert house.membership(house.stranger).role == "AN"


def test_adding_a_member_again_keeps_their_role(house):
    answer = client_of(house.lead).post(at(house, "members"), {"user": house.reviewer.pk})

    assert answer.status_code == 201
    assert house.membership(house.reviewer).role == "RE"


@pytest.mark.parametrize(("who", "role"), [("stranger", "RE"), ("annotator", "MA")])
def test_somebody_becomes_what_is_asked(house, who, role):
    person = getattr(house, who)
    answer = client_of(house.admin).post(at(house, "members"), {"user": person.pk, "role": role})

    assert (answer.status_code, answer.json()) == (201, {"user": person.pk, "role": role})
    assert house.membership(person).role == role


@pytest.mark.parametrize(("who", "role"), [("reviewer", "AD"), ("lead", "AN")])
def test_a_role_that_nobody_can_have_here_is_refused(house, who, role):
    person = getattr(house, who)
    answer = client_of(house.admin).post(at(house, "members"), {"user": person.pk, "role": role})

    assert answer.status_code == 400
    assert house.membership(person).role != role


def test_a_manager_cannot_add_whom_they_do_not_know(house):
    answer = client_of(house.lead).post(at(house, "members"), {"user": house.stranger.pk})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_person")


@pytest.mark.parametrize("where", ["body", "query"])
def test_a_manager_takes_somebody_out(house, where):
    user = {"user": house.annotator2.pk}
    query, body = ("", user) if where == "body" else (f"?user={user['user']}", {})
    answer = client_of(house.lead).delete(at(house, f"members{query}"), body)

    assert (answer.status_code, answer.content) == (204, b"")
    assert not Membership.objects.filter(**user).exists()


@pytest.mark.parametrize(("who", "status"), [("reviewer", 403), ("annotator", 403), ("stranger", 404)])
@pytest.mark.parametrize("path", ["members", "tasks/assignees"])
def test_only_managers_change_who_does_what(house, who, status, path):
    body = {"user": house.annotator.pk, "users": [], "type": "RE", "selectedItems": {"all": True}}

    assert client_of(getattr(house, who)).post(at(house, path), body).status_code == status


def test_members_come_in_pages_with_their_roles(house, django_assert_num_queries):
    client = client_of(house.lead)
    client.get(at(house, "members/paginated"))
    with django_assert_num_queries(5):
        body = client.get(at(house, "members/paginated?page_size=3")).json()

    assert body["count"] == 5
    assert [row["project_role"] for row in body["results"]] == ["MA", "RE", "RE"]
    assert client.get(at(house, "members/paginated?page=3")).status_code == 404


def test_who_annotated_in_a_project(house):
    annotation(house.task, house.annotator2)
    seen = {
        who: client_of(getattr(house, who)).get(at(house, "annotators")).json()
        for who in ("lead", "annotator")
    }

    assert [row["id"] for row in seen["lead"]] == [house.annotator.pk, house.annotator2.pk]
    assert [row["id"] for row in seen["annotator"]] == [house.annotator.pk]
