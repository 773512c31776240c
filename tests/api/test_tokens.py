"""Personal access tokens: made, exchanged, rotated, revoked, and never more than their person."""

from datetime import timedelta

import jwt
import pytest
import time_machine
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import client_of, person
from users.models import ApiToken

WHOAMI = "/api/current-user/whoami/"


def bearer(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def made(user) -> str:
    answer = client_of(user).post("/api/token/")
    assert answer.status_code == 201
    return answer.json()["token"]


def refreshed(pat: str):
    return APIClient().post("/api/token/refresh/", {"refresh": pat})


@pytest.fixture
def ann(db):
    return person("ann")


def test_a_personal_token_is_exchanged_for_one_that_signs_requests(ann):
    access = refreshed(made(ann)).json()["access"]

    assert bearer(access).get(WHOAMI).json()["email"] == "ann@example.org"


def test_both_carry_their_expiry_for_the_sdk_to_read(ann):
    pat = made(ann)
    lives = [
        jwt.decode(token, options={"verify_signature": False})
        for token in (pat, refreshed(pat).json()["access"])
    ]
    seconds = [round(claims["exp"] - claims["iat"]) for claims in lives]

    assert [claims["token_type"] for claims in lives] == ["refresh", "access"]
    assert seconds == [365 * 24 * 3600, 300]


def test_only_the_hash_is_stored(ann):
    pat = made(ann)
    token = ApiToken.objects.get(kind="personal")

    assert pat not in str(ApiToken.objects.values().get(pk=token.pk))
    assert token.key_hash == ApiToken.hash(pat)


def test_an_access_token_ends_after_five_minutes(ann):
    access = refreshed(made(ann)).json()["access"]

    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert bearer(access).get(WHOAMI).status_code == 401


def test_a_personal_token_ends_after_a_year(ann):
    pat = made(ann)

    with time_machine.travel(timezone.now() + timedelta(days=366)):
        answer = refreshed(pat)
    assert (answer.status_code, answer.json()["detail"]) == (401, "Token is invalid")


@pytest.mark.parametrize("scheme", ["Bearer", "Token"])
def test_a_personal_token_signs_no_requests_itself(ann, scheme):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {made(ann)}")

    assert client.get(WHOAMI).status_code == 401


def test_an_access_token_makes_no_further_one(ann):
    assert refreshed(refreshed(made(ann)).json()["access"]).status_code == 401


@pytest.mark.parametrize("forge", ["nonsense", "a.b.c", "", "é.é.é"])
def test_what_is_no_token_is_refused(db, forge):
    assert refreshed(forge).status_code == (401 if forge else 400)
    assert bearer(forge or "x").get(WHOAMI).status_code == 401


def test_a_token_signed_by_somebody_else_or_by_nobody_is_refused(ann):
    claims = jwt.decode(made(ann), options={"verify_signature": False})
    forged = [jwt.encode(claims, "k" * 32, algorithm="HS256"), jwt.encode(claims, None, algorithm="none")]

    assert [refreshed(token).status_code for token in forged] == [401, 401]


def test_a_blacklisted_token_and_what_was_made_of_it_end_at_once(ann):
    pat = made(ann)
    access = refreshed(pat).json()["access"]

    assert client_of(ann).post("/api/token/blacklist/", {"refresh": pat}).status_code == 204
    assert refreshed(pat).status_code == 401
    assert bearer(access).get(WHOAMI).status_code == 401


def test_a_person_who_left_has_no_access(ann):
    pat = made(ann)
    access = refreshed(pat).json()["access"]
    ann.is_active = False
    ann.save()

    assert refreshed(pat).status_code == 401
    assert bearer(access).get(WHOAMI).status_code == 401


def test_a_rotated_token_replaces_the_old_one(ann):
    old = made(ann)
    new = client_of(ann).post("/api/token/rotate/", {"refresh": old}).json()["refresh"]

    assert refreshed(old).status_code == 401
    assert refreshed(new).status_code == 200


@pytest.mark.parametrize("verb", ["blacklist", "rotate"])
def test_nobody_ends_a_token_of_somebody_else(ann, verb):
    pat = made(ann)

    assert client_of(person("bob")).post(f"/api/token/{verb}/", {"refresh": pat}).status_code == 404
    assert refreshed(pat).status_code == 200


def test_the_list_names_ones_own_tokens_and_shows_none(ann):
    pat = made(ann)
    made(person("bob"))
    (row,) = client_of(ann).get("/api/token/").json()

    assert row["token"] == jwt.decode(pat, options={"verify_signature": False})["jti"][:8] + "…"
    assert row["expires_at"] is not None


def test_older_secret_keys_still_verify(ann, settings):
    pat = made(ann)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"

    assert refreshed(pat).status_code == 200


def test_the_key_of_a_request_can_be_asked_for(ann):
    _, key = ApiToken.issue(ann, name="laptop")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {key}")

    assert client.get("/api/current-user/token").json() == {"token": key}


def test_a_session_is_told_that_keys_cannot_be_read(ann):
    client = APIClient()
    client.force_login(ann)
    answer = client.get("/api/current-user/token")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_readable")


def test_resetting_replaces_the_key_it_came_with(ann):
    _, key = ApiToken.issue(ann, name="laptop")
    old, new = APIClient(), APIClient()
    old.credentials(HTTP_AUTHORIZATION=f"Token {key}")
    answer = old.post("/api/current-user/reset-token/")
    new.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")

    assert answer.status_code == 201
    assert old.get(WHOAMI).status_code == 401
    assert new.get(WHOAMI).status_code == 200
    assert ApiToken.objects.usable().get(user=ann).name == "laptop"


def test_people_change_their_own_names_and_nothing_else(ann):
    body = (
        client_of(ann)
        .patch("/api/current-user/", {"first_name": "Anna", "site_role": "OW", "email": "x@example.org"})
        .json()
    )
    ann.refresh_from_db()

    assert (body["first_name"], body["email"]) == ("Anna", "ann@example.org")
    assert ann.site_role == ""
