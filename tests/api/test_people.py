"""People by REST: changing, deactivating, reactivating and inviting them."""

import pytest

from tasks.models import Membership
from tests.factories import browser_of, client_of, person
from users import people
from users.capabilities import Role
from users.errors import Refused
from users.models import ApiToken, PasswordResetRequest, User
from users.sessions import Session


def url_of(user: User) -> str:
    return f"/api/users/{user.pk}/"


def test_an_administrator_changes_a_person(house):
    changes = {"first_name": "Anna", "email": "Anna@Example.org", "may_create_projects": True}

    answer = client_of(house.admin).patch(url_of(house.annotator), changes, format="json")

    house.annotator.refresh_from_db()
    assert answer.status_code == 200
    assert (answer.json()["first_name"], answer.json()["email"]) == ("Anna", "anna@example.org")
    assert (house.annotator.email, house.annotator.may_create_projects) == ("anna@example.org", True)


def test_what_an_answer_has_may_be_sent_back(house):
    client, url = client_of(house.admin), url_of(house.annotator)

    answer = client.patch(url, client.get(url).json(), format="json")

    assert answer.status_code == 200


def test_deactivation_ends_sessions_and_keys_at_once_and_for_good(house):
    theirs, browser = client_of(house.annotator), browser_of(house.annotator)
    admin, url = client_of(house.admin), url_of(house.annotator)

    answer = admin.patch(url, {"is_active": False}, format="json")

    assert (answer.status_code, answer.json()["is_active"]) == (200, False)
    assert theirs.get("/api/current-user/whoami/").status_code == 401
    assert browser.get("/inbox/").status_code == 302
    assert not Session.objects.filter(user=house.annotator).exists()
    admin.patch(url, {"is_active": True}, format="json")
    assert theirs.get("/api/current-user/whoami/").status_code == 401
    assert client_of(User.objects.get(pk=house.annotator.pk)).get("/api/projects/").status_code == 200
    assert Membership.objects.filter(user=house.annotator).exists()


@pytest.mark.parametrize(
    ("who", "whom", "changes", "status", "code"),
    [
        ("lead", "annotator", {"first_name": "X"}, 403, "permission_denied"),
        ("annotator", "annotator", {"first_name": "X"}, 403, "permission_denied"),
        ("admin", "admin", {"is_active": False}, 403, "own_rank"),
        ("admin", "admin", {"site_role": ""}, 403, "own_rank"),
        ("admin", "owner", {"is_active": False}, 403, "permission_denied"),
        ("admin", "annotator", {"site_role": "OW"}, 400, "invalid"),
        ("admin", "annotator", {"email": "lead@example.org"}, 400, "unique"),
        ("admin", "placeholder", {"is_active": True}, 400, "placeholder"),
        ("admin", "annotator", {"password": "x"}, 400, "invalid"),
        ("admin", "annotator", {"firstname": "X"}, 400, "unknown_option"),
    ],
)
def test_what_is_refused_changes_nothing(house, who, whom, changes, status, code):
    some = {
        "owner": person("owner", site_role=Role.OWNER),
        "placeholder": User.objects.placeholder("imported-4"),
    }
    target = some.get(whom) or getattr(house, whom)
    before = User.objects.filter(pk=target.pk).values().get()

    answer = client_of(getattr(house, who)).patch(url_of(target), changes, format="json")

    assert (answer.status_code, answer.json().get("code")) == (status, code)
    after = User.objects.filter(pk=target.pk).values().get()
    assert {name: after[name] for name in before if name != "last_activity"} == {
        name: before[name] for name in before if name != "last_activity"
    }


def test_of_two_who_deactivate_each_other_one_remains(house):
    """The second acts on what it has read before the first was done."""
    second = person("second", site_role=Role.ADMIN)
    stale = User.objects.get(pk=second.pk)
    people.change(second, {"is_active": False}, actor=house.admin)

    with pytest.raises(Refused) as refused:
        people.change(house.admin, {"is_active": False}, actor=stale)

    assert refused.value.code == "permission_denied"
    assert User.objects.get(pk=house.admin.pk).is_active


def test_a_manager_invites_somebody_new_into_their_project(house):
    asked = {"email": "New@Example.org", "first_name": "Nora", "project": house.project.pk, "role": "RE"}

    answer = client_of(house.lead).post("/api/users/invite/", asked, format="json")

    nora = User.objects.get(email="new@example.org")
    assert answer.status_code == 201
    assert answer.json() == {
        "user": {"id": nora.pk, "email": "new@example.org", "first_name": "Nora", "last_name": ""},
        "is_new": True,
        "project": house.project.pk,
        "role": "RE",
    }
    assert (nora.has_usable_password(), nora.memberships.get().role) == (False, "RE")
    assert [asked.email for asked in PasswordResetRequest.objects.all()] == ["new@example.org"]


def test_whoever_has_an_account_only_joins(house):
    asked = {"email": "stranger@example.org", "project": house.project.pk}

    answer = client_of(house.lead).post("/api/users/invite/", asked, format="json")
    again = client_of(house.lead).post("/api/users/invite/", asked | {"role": "MA"}, format="json")

    assert (answer.status_code, again.status_code) == (200, 200)
    assert (again.json()["role"], house.membership(house.stranger).role) == ("AN", "AN")
    assert not PasswordResetRequest.objects.exists()


@pytest.mark.parametrize(
    ("who", "asked", "status"),
    [
        ("lead", {}, 400),
        ("reviewer", {"project": True}, 403),
        ("stranger", {"project": True}, 404),
        ("admin", {}, 201),
        ("lead", {"project": True, "email": "gone@example.org"}, 400),
        ("lead", {"project": True, "email": "x"}, 400),
        ("lead", {"project": True, "role": "AD"}, 400),
    ],
)
def test_who_may_invite(house, who, asked, status):
    person("gone", is_active=False)
    before = User.objects.count()
    asked = (
        {"email": "new@example.org"} | asked | ({"project": house.project.pk} if asked.get("project") else {})
    )

    answer = client_of(getattr(house, who)).post("/api/users/invite/", asked, format="json")

    assert answer.status_code == status, answer.json()
    assert User.objects.count() - before == (status == 201)
    assert ApiToken.objects.count() == 1
