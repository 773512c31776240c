"""At most LOGIN_TRIES password checks per e-mail and window."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password
from django.utils import timezone

from tests.factories import PASSWORD, person
from tests.parallel import together
from users import backends, login_guard
from users.models import LoginTry, User


@pytest.fixture(autouse=True)
def _three_tries(settings):
    settings.LOGIN_TRIES, settings.LOGIN_WINDOW_SECONDS = 3, 60


@pytest.fixture
def checks(monkeypatch):
    """Passwords that were really looked at."""
    seen = []

    def check(user, raw_password):
        seen.append(raw_password)
        return check_password(raw_password, user.password)

    monkeypatch.setattr(User, "check_password", check)
    return seen


def tried(email="ann@example.org", password="wrong"):
    """What a try comes to: the user, None, or blocked."""
    try:
        return authenticate(None, username=email, password=password)
    except backends.TooManyAttempts:
        return "blocked"


def test_the_right_password_signs_in(db):
    ann = person("ann")

    assert tried(password=PASSWORD) == ann
    assert tried(email="ANN@Example.org", password=PASSWORD) == ann


def test_after_too_many_tries_the_right_password_is_not_looked_at(db, checks):
    person("ann")

    answers = [
        tried(email=email)
        for email in ("ann@example.org", "Ann@example.org ", "ANN@EXAMPLE.ORG", "ann@example.org")
    ]

    assert tried(password=PASSWORD) is None
    assert len(checks) <= 3
    assert answers[0] is None


def test_blocked_tries_say_how_long_to_wait(db, rf):
    waits = [login_guard.seconds_to_wait("ann@example.org") for _ in range(5)]

    assert waits[:3] == [0, 0, 0]
    assert all(0 < wait <= 60 for wait in waits[3:])


def test_another_person_is_not_blocked(db):
    person("ann"), person("bob")
    for _ in range(5):
        tried()

    assert tried(email="bob@example.org", password=PASSWORD).email == "bob@example.org"


def test_the_window_passes(db):
    ann = person("ann")
    for _ in range(5):
        tried()
    LoginTry.objects.update(since=timezone.now() - timedelta(seconds=61))

    assert tried(password=PASSWORD) == ann


def test_a_sign_in_forgets_the_tries(db):
    person("ann")
    tried(), tried(), tried(password=PASSWORD)

    assert not LoginTry.objects.exists()


def test_unknown_addresses_are_counted_too(db):
    for _ in range(5):
        tried(email="nobody@example.org")

    assert login_guard.seconds_to_wait("nobody@example.org") > 0


def test_the_address_is_not_stored(db):
    tried()

    assert "ann" not in LoginTry.objects.get().email_hash


@pytest.mark.parametrize("who", [{"is_active": False}, {"password": None}])
def test_who_may_not_sign_in(db, who):
    person("ann", **who)

    assert tried(password=PASSWORD) is None


@pytest.mark.django_db(transaction=True)
def test_a_crowd_of_tries_at_once_gets_no_more_checks(checks):
    person("ann")

    together([tried] * 20)

    assert len(checks) == 3
