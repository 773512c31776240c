"""Sessions: stored by the hash of their key, ended by a new password, listed and ended by their owner."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import PASSWORD, browser_of, client_of, person
from users.models import ApiToken, Session, User

WHOAMI = "/api/current-user/whoami/"
MINE = "/api/current-user/sessions/"
NEW = "quite another password"


@pytest.fixture
def ann(db) -> User:
    return person("ann")


def signed_in(user: User, agent: str = "Firefox") -> Client:
    browser = Client(headers={"user-agent": agent}, REMOTE_ADDR="203.0.113.7")
    browser.post(reverse("login"), {"username": user.email, "password": PASSWORD})
    return browser


def works(browser: Client) -> bool:
    return browser.get(WHOAMI).status_code == 200


def login_key(user: User) -> str:
    sent = {"email": user.email, "password": PASSWORD}
    return Client().post("/api/auth/login/", sent, "application/json").json()["token"]


def key_works(key: str) -> bool:
    return Client().get(WHOAMI, headers={"Authorization": f"Token {key}"}).status_code == 200


def test_the_table_has_no_key_that_a_cookie_could_carry(ann):
    browser = signed_in(ann)
    cookie = browser.cookies["sessionid"].value
    stored = Session.objects.get()

    browser.cookies["sessionid"] = stored.pk

    assert works(signed_in(ann)) and cookie not in str(Session.objects.values())
    assert not works(browser)


def end_by_page(user: User) -> None:
    sent = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    browser = signed_in(user)
    assert browser.post(reverse("password_change"), sent).status_code == 302
    assert works(browser)


def end_by_admin(user: User) -> None:
    admin = person("admin", site_role="AD", is_staff=True)
    sent = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    assert browser_of(admin).post(address, sent).status_code == 302


def end_by_disabling_the_password(user: User) -> None:
    user.set_unusable_password()
    user.save()


def end_by_deactivation(user: User) -> None:
    user.is_active = False
    user.save(update_fields=["is_active"])
    user.is_active = True  # coming back revives nothing
    user.save(update_fields=["is_active"])


@pytest.mark.parametrize(
    "end", [end_by_page, end_by_admin, end_by_disabling_the_password, end_by_deactivation]
)
def test_sessions_and_login_tokens_end_with_the_password(ann, end):
    browser, login = signed_in(ann), login_key(ann)
    _, named = ApiToken.issue(ann, name="pipeline")
    other = signed_in(person("bob"))
    assert (works(browser), key_works(login)) == (True, True)

    end(User.objects.get(pk=ann.pk))

    assert (works(browser), key_works(login)) == (False, False)
    # A key with a name outlives a password, but nobody who was deactivated comes back with an old key.
    assert (key_works(named), works(other)) == (end is not end_by_deactivation, True)


def test_a_login_that_renews_the_hash_ends_nothing(ann, settings):
    browser = signed_in(ann)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]

    signed_in(ann)

    ann.refresh_from_db()
    assert ann.password.startswith("pbkdf2") and Session.objects.filter(user=ann).count() == 2
    assert browser.get("/").status_code == 200


def test_people_see_their_own_sessions_and_end_them(ann):
    here, there = signed_in(ann, "Firefox"), signed_in(ann, "Safari")
    signed_in(person("bob"))

    rows = here.get(MINE).json()["results"]
    by_agent = {row["agent"]: row for row in rows}
    ended = here.delete(f"{MINE}{by_agent['Safari']['id']}/")

    assert {agent: (row["address"], row["is_current"]) for agent, row in by_agent.items()} == {
        "Firefox": ("203.0.113.7", True),
        "Safari": ("203.0.113.7", False),
    }
    assert (len(rows), ended.status_code) == (2, 204)
    assert (works(here), works(there)) == (True, False)


def test_nobody_ends_the_session_of_somebody_else(ann):
    browser = signed_in(ann)
    theirs = Session.objects.get().pk

    assert client_of(person("bob")).delete(f"{MINE}{theirs}/").status_code == 404
    assert works(browser)


def test_signing_out_everywhere_else_leaves_this_session(ann):
    here, there = signed_in(ann), signed_in(ann)

    assert here.delete(MINE).status_code == 204
    assert (works(here), works(there)) == (True, False)


def test_people_see_their_own_tokens_and_revoke_them(ann):
    login, client = login_key(ann), client_of(ann)
    ApiToken.issue(person("bob"), name="not yours")

    rows = client.get("/api/current-user/tokens/").json()["results"]
    logins = [row["id"] for row in rows if row["kind"] == "login"]
    answers = [client.delete(f"/api/current-user/tokens/{pk}/").status_code for pk in logins * 2]

    assert [(row["name"], row["kind"], row["is_current"]) for row in rows] == [
        ("test", "key", True),
        ("login", "login", False),
    ]
    assert (answers, key_works(login)) == ([204, 404], False)


def test_nobody_revokes_a_token_of_somebody_else(ann):
    token, key = ApiToken.issue(ann, name="mine")

    assert client_of(person("bob")).delete(f"/api/current-user/tokens/{token.pk}/").status_code == 404
    assert key_works(key)


def test_the_settings_page_lists_and_ends_both(ann):
    here, there = signed_in(ann, "Firefox"), signed_in(ann, "Safari on <b>Mac</b>")
    token, key = ApiToken.issue(ann, name="pipeline")
    page = here.get(reverse("profile")).content.decode()
    session = Session.objects.exclude(
        pk__in=[row.pk for row in Session.objects.all() if row.agent == "Firefox"]
    )

    for sent in ({"session": session.get().pk}, {"token": token.pk}, {"token": "x"}, {"others": "1"}):
        assert here.post(reverse("end-sign-in"), sent)["Location"] == reverse("profile")

    assert "Safari on &lt;b&gt;Mac" in page and "pipeline" in page and "This one" in page
    assert (works(here), works(there), key_works(key)) == (True, False, False)
