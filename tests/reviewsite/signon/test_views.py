"""Sign-on with a real provider on this machine, and every forged answer that must be refused."""

import time

import pytest

from reviewsite.signon.backend import SignOnBackend
from reviewsite.signon.views import REFUSED, UNREACHABLE
from tests import factories
from tests.parallel import together
from tests.reviewsite.signon.conftest import said, who
from users.models import User


@pytest.fixture
def reviewer(db):
    return factories.person("reviewer")


def test_a_known_person_is_signed_in_and_goes_where_they_wanted(sign_on, client, reviewer):
    response = sign_on()

    assert (response.status_code, response["Location"]) == (302, "/accounts/profile/")
    assert who(client) == str(reviewer.pk)
    assert client.get("/api/current-user/whoami/").json()["email"] == "reviewer@example.org"


def test_the_request_asks_for_a_code_with_proof_and_nonce(provider, client):
    location = client.get("/accounts/oidc/")["Location"]
    assert location.startswith(f"{provider.url}/authorize?response_type=code&")
    for part in ("code_challenge_method=S256", "nonce=", "state=", "scope=openid+email+profile"):
        assert part in location


@pytest.mark.parametrize(
    "lies",
    [
        {"aud": "somebody-else"},
        {"aud": ["countersign"], "azp": "somebody-else"},
        {"iss": "https://elsewhere.example.org"},
        {"exp": int(time.time()) - 3600},
        {"nonce": "of another visit"},
        {"sub": "p-2"},
    ],
    ids=["audience", "authorized party", "issuer", "expired", "nonce", "another person"],
)
def test_a_token_that_is_not_for_this_visit_signs_nobody_in(sign_on, provider, client, reviewer, lies):
    provider.lies = lies
    response = sign_on()
    assert (who(client), said(response)) == (None, [REFUSED])


def test_a_token_signed_with_another_key_signs_nobody_in(sign_on, provider, client, reviewer):
    provider.signed_by = "unpublished"
    sign_on()
    assert who(client) is None


@pytest.mark.parametrize("verified", [False, None, "false", "yes"])
def test_an_unverified_e_mail_signs_nobody_in(sign_on, client, reviewer, verified):
    sign_on(email_verified=verified)
    assert who(client) is None


@pytest.mark.parametrize("email", ["REVIEWER@Example.org", " reviewer@example.org"])
def test_the_spelling_of_an_e_mail_does_not_matter(sign_on, client, reviewer, email):
    sign_on(email=email)
    assert who(client) == str(reviewer.pk)


@pytest.mark.parametrize(
    "email",
    [
        "ｒeviewer@example.org",
        "revıewer@example.org",
        "reviewer@example.org.",
        "re\0viewer@example.org",
        7,
        [],
    ],
)
def test_another_mailbox_that_looks_like_one_of_ours_signs_nobody_in(
    sign_on, client, reviewer, settings, email
):
    settings.OIDC_CREATE_USER = True
    response = sign_on(email=email)
    assert (who(client), said(response)) == (None, [REFUSED])
    assert User.objects.get() == reviewer


def test_an_unknown_e_mail_is_refused_and_makes_nobody(sign_on, client):
    response = sign_on(email="new@example.org")

    assert (who(client), said(response)) == (None, [REFUSED])
    assert not User.objects.filter(email="new@example.org").exists()


def test_an_unknown_e_mail_makes_a_person_without_roles_where_the_site_says_so(sign_on, settings):
    settings.OIDC_CREATE_USER = True
    sign_on(email="New@Example.org", given_name="New", family_name="Comer", site_role="OW", is_superuser=True)

    made = User.objects.get(email="new@example.org")
    assert (made.get_full_name(), made.role_on_site, made.is_staff, made.may_create_projects) == (
        "New Comer",
        None,
        False,
        False,
    )
    assert not made.has_usable_password() and not made.memberships.exists()


@pytest.mark.django_db(transaction=True)
def test_two_tabs_of_a_new_person_make_one_account():
    claims = {"email": "new@example.org"}

    first, second = together([lambda: SignOnBackend().create_user(claims)] * 2)

    assert first == second == User.objects.get()


def test_who_left_stays_out(sign_on, client):
    factories.person("reviewer", is_active=False)
    sign_on()
    assert who(client) is None


def test_a_callback_of_another_browser_is_refused(sign_on, provider, client, reviewer):
    response = client.get("/accounts/oidc/callback/?code=x&state=of-another")
    assert (response.status_code, who(client)) == (302, None)


def test_an_error_in_a_link_ends_no_session(provider, client, reviewer):
    client.force_login(reviewer)
    client.get("/accounts/oidc/callback/?error=access_denied&state=x")
    assert who(client) == str(reviewer.pk)


def test_a_silent_provider_is_a_sentence(provider, client):
    provider.close()
    response = client.get("/accounts/oidc/")
    assert (response["Location"], said(response)) == ("/accounts/login/", [UNREACHABLE])


def test_next_does_not_lead_away_from_the_site(sign_on, provider, client, reviewer):
    client.get("/accounts/oidc/?next=https://elsewhere.example.org/")
    assert client.session["oidc_login_next"] is None


def test_passwords_still_work_beside_it(provider, client, reviewer):
    client.post(
        "/accounts/login/?code=x&state=y",
        {"username": "reviewer@example.org", "password": factories.PASSWORD},
    )
    assert who(client) == str(reviewer.pk)


@pytest.mark.parametrize("path", ["/accounts/oidc/", "/accounts/oidc/callback/"])
def test_it_is_off_unless_an_issuer_is_named(db, client, path):
    assert client.get(path).status_code == 404
    assert "organisation" not in client.get("/accounts/login/").content.decode()
