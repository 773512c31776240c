"""Tokens are stored hashed, shown once, named, expiring, revocable."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from tests.factories import person
from users.authentication import TokenAuthentication
from users.models import ApiToken


@pytest.fixture
def ann(db):
    return person("ann")


@pytest.fixture
def asked(rf):
    """asked(header): whom a request with this Authorization header is from, or None."""

    def ask(header: str):
        found = TokenAuthentication().authenticate(rf.get("/", headers={"Authorization": header}))
        return found and found[0]

    return ask


def test_a_token_signs_requests(ann, asked):
    token, key = ApiToken.issue(ann, name="laptop")

    assert asked(f"Token {key}") == ann
    assert asked(f"token  {key} ") == ann
    assert str(token) == f"laptop ({key[:8]}…)"


def test_only_the_hash_is_stored(ann):
    token, key = ApiToken.issue(ann, name="laptop")
    stored = ApiToken.objects.values().get()

    assert key not in str(stored)
    assert token.key_hash == ApiToken.hash(key)


def test_a_key_looks_like_no_jwt_and_none_is_like_another(ann):
    keys = {ApiToken.issue(ann, name="laptop")[1] for _ in range(20)}

    assert len(keys) == 20
    assert all("." not in key and len(key) == 40 for key in keys)


@pytest.mark.parametrize(
    "header",
    ["Token", "Token ", "Token nonsense", "Bearer {key}", "Basic {key}", "{key}", "Token {hash}", "Token é"],
)
def test_bad_credentials_are_refused(ann, asked, header):
    token, key = ApiToken.issue(ann, name="laptop")

    with pytest.raises(AuthenticationFailed):
        asked(header.format(key=key, hash=token.key_hash))


def test_no_header_is_nobody(asked, rf):
    assert TokenAuthentication().authenticate(rf.get("/")) is None


def test_a_revoked_token_is_refused(ann, asked):
    token, key = ApiToken.issue(ann, name="laptop")
    token.revoke()
    first = token.revoked_at
    token.revoke()

    assert token.revoked_at == first
    with pytest.raises(AuthenticationFailed):
        asked(f"Token {key}")


def test_a_token_expires(ann, asked):
    _, key = ApiToken.issue(ann, name="laptop", expires_at=timezone.now() + timedelta(hours=1))
    before = asked(f"Token {key}")

    with (
        time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)),
        pytest.raises(AuthenticationFailed),
    ):
        asked(f"Token {key}")
    assert before == ann


def test_a_token_of_somebody_inactive_is_refused(ann, asked):
    _, key = ApiToken.issue(ann, name="laptop")
    ann.is_active = False
    ann.save()

    with pytest.raises(AuthenticationFailed):
        asked(f"Token {key}")


def test_the_last_use_is_remembered_to_the_minute(ann, asked, django_assert_num_queries):
    token, key = ApiToken.issue(ann, name="laptop")
    asked(f"Token {key}")
    token.refresh_from_db()
    first = token.last_used_at

    with django_assert_num_queries(1):
        asked(f"Token {key}")
    token.refresh_from_db()
    assert first is not None
    assert token.last_used_at == first
