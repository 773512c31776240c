"""Accounts in the admin: nobody raises their own rank, and tokens are shown once."""

import pytest
from django.urls import reverse

from tests import factories
from users.capabilities import Role
from users.models import ApiToken, User


def person_page(user: User) -> str:
    return reverse("admin:users_user_change", args=[user.pk])


def person_form(user: User, **changes) -> dict:
    fields = (
        "email",
        "first_name",
        "last_name",
        "phone",
        "timezone",
        "site_role",
        "is_staff",
        "is_active",
        "may_create_projects",
    )
    data = {name: getattr(user, name) for name in fields} | changes
    return {name: value for name, value in data.items() if value}


@pytest.mark.parametrize(
    "grab", [{"is_superuser": "on"}, {"is_staff": "on"}, {"site_role": "AD"}, {"site_role": "OW"}]
)
@pytest.mark.parametrize("whom", ["lead", "stranger"])
def test_a_lead_lifts_nobody(grab, whom, house, lead_client):
    person = getattr(house, whom)
    before = (person.is_superuser, person.is_staff, person.site_role)

    answer = lead_client.post(person_page(person), person_form(person, **grab))

    person.refresh_from_db()
    assert answer.status_code in (302, 403)
    assert (person.is_superuser, person.is_staff, person.site_role) == before


def test_a_lead_lifts_nobody_by_the_profile_page(house, lead_client):
    data = {
        "first_name": "L",
        "last_name": "",
        "timezone": "Europe/Berlin",
        "is_superuser": "on",
        "site_role": "OW",
    }

    lead_client.post(reverse("profile"), data)

    house.lead.refresh_from_db()
    assert (house.lead.timezone, house.lead.is_superuser, house.lead.site_role) == (
        "Europe/Berlin",
        False,
        "",
    )


@pytest.mark.parametrize(
    "grab", [{"is_superuser": "on"}, {"site_role": "OW"}, {"site_role": ""}, {"is_staff": ""}]
)
def test_an_administrator_does_not_change_their_own_rank(grab, house, admin_client):
    admin_client.post(person_page(house.admin), person_form(house.admin, **grab))

    house.admin.refresh_from_db()
    assert (house.admin.is_superuser, house.admin.site_role, house.admin.is_staff) == (False, "AD", True)


def test_an_administrator_makes_administrators_but_no_owner(house, admin_client):
    refused = admin_client.post(person_page(house.stranger), person_form(house.stranger, site_role="OW"))
    admin_client.post(person_page(house.reviewer), person_form(house.reviewer, site_role="AD"))

    house.stranger.refresh_from_db()
    house.reviewer.refresh_from_db()
    assert list(refused.context["adminform"].form.errors) == ["site_role"]
    assert (house.stranger.site_role, house.reviewer.site_role) == ("", "AD")


@pytest.fixture
def owner(house) -> User:
    return factories.person("owner", site_role=Role.OWNER, is_staff=True)


def test_an_administrator_does_not_touch_an_owner(owner, admin_client):
    before = owner.password
    new = {
        "password1": "another long password",
        "password2": "another long password",
        "usable_password": "true",
    }

    answers = [
        admin_client.post(person_page(owner), person_form(owner, email="mine@example.org")),
        admin_client.post(reverse("admin:auth_user_password_change", args=[owner.pk]), new),
        admin_client.post(reverse("admin:users_apitoken_add"), {"user": owner.pk, "name": "lift"}),
    ]

    owner.refresh_from_db()
    assert [answer.status_code for answer in answers] == [403, 403, 200]
    assert (owner.email, owner.password) == ("owner@example.org", before)
    assert not ApiToken.objects.exists()


def test_a_token_is_shown_once_and_revoked(house, admin_client):
    made = admin_client.post(
        reverse("admin:users_apitoken_add"), {"user": house.reviewer.pk, "name": "laptop"}
    )

    token = ApiToken.objects.get()
    assert token.key_hash == ApiToken.hash(made.context["key"])
    assert "no-store" in made["Cache-Control"]
    page = admin_client.get(reverse("admin:users_apitoken_change", args=[token.pk])).content.decode()
    assert made.context["key"] not in page
    assert token.key_hash not in page

    admin_client.post(
        reverse("admin:users_apitoken_changelist"), {"action": "revoke", "_selected_action": [token.pk]}
    )
    token.refresh_from_db()
    assert token.revoked_at


def test_a_new_person_signs_in_with_the_email_in_any_case(house, admin_client, client):
    data = {
        "email": "New@Example.org",
        "usable_password": "true",
        "password1": factories.PASSWORD,
        "password2": factories.PASSWORD,
    }

    admin_client.post(reverse("admin:users_user_add"), data)

    assert User.objects.get(email="new@example.org").is_staff is False
    answer = client.post(reverse("login"), {"username": "NEW@example.org", "password": factories.PASSWORD})
    assert answer.status_code == 302
