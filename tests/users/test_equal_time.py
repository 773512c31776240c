"""Known and unknown addresses are answered equally fast: the time says nothing about who has an account."""

import time
from collections.abc import Callable
from statistics import median

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.mail.backends.locmem import EmailBackend as LocMemBackend
from django.test import Client
from django.urls import reverse

from tests.factories import person

pytestmark = [pytest.mark.xdist_group("serial"), pytest.mark.timeout(120)]
ROUNDS = 8
PEOPLE = ("known@example.org", "nobody@example.org", "inactive@example.org", "no-password@example.org")


class Hasher(PBKDF2PasswordHasher):
    """The real one with fewer rounds: what is compared is whether it runs at all."""

    iterations = 40_000


class MailServer(LocMemBackend):
    """Takes its time, as real ones do."""

    def send_messages(self, messages):
        time.sleep(0.05)
        return super().send_messages(messages)


@pytest.fixture(autouse=True)
def _people(db, settings):
    for name in ("LOGIN_TRIES", "LOGIN_TRIES_PER_EMAIL", "LOGIN_TRIES_PER_ADDRESS"):
        setattr(settings, name, 10_000)
    settings.PASSWORD_RESETS = settings.PASSWORD_RESETS_PER_ADDRESS = 10_000
    settings.PASSWORD_HASHERS = ["tests.users.test_equal_time.Hasher"]
    settings.EMAIL_BACKEND = "tests.users.test_equal_time.MailServer"
    person("known"), person("inactive", is_active=False), person("no-password", password=None)


def by_api(email: str) -> None:
    sent = {"email": email, "password": "wrong"}
    assert Client().post("/api/auth/login/", sent, "application/json").status_code == 401


def by_page(email: str) -> None:
    assert Client().post(reverse("login"), {"username": email, "password": "wrong"}).status_code == 200


def by_admin(email: str) -> None:
    assert Client().post(reverse("admin:login"), {"username": email, "password": "wrong"}).status_code == 200


def by_reset(email: str) -> None:
    assert Client().post(reverse("password_reset"), {"email": email}).status_code == 302


def medians(ask: Callable[[str], None]) -> dict[str, float]:
    """In turn, so that whatever else the machine does hits all alike."""
    seconds: dict[str, list[float]] = {email: [] for email in PEOPLE}
    for _ in range(ROUNDS):
        for email in PEOPLE:
            start = time.perf_counter()
            ask(email)
            seconds[email].append(time.perf_counter() - start)
    return {email: median(found) for email, found in seconds.items()}


@pytest.mark.parametrize("door", [by_api, by_page, by_admin, by_reset])
def test_the_time_of_an_answer_does_not_say_who_exists(door):
    assert any(_ratio(door) < 1.4 for _ in range(3))  # a leak shows each time, a busy machine does not


def _ratio(door: Callable[[str], None]) -> float:
    found = medians(door)
    print(door.__name__, {email: f"{1000 * seconds:.2f} ms" for email, seconds in found.items()})
    return max(found.values()) / min(found.values())
