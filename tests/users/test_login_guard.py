"""How often passwords and tokens can be tried: by person and address, counted in PostgreSQL."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.test import APIClient

from tests.factories import PASSWORD, client_of, person
from tests.parallel import together
from users import backends, login_guard
from users.jobs import prune_sign_ins
from users.models import ApiToken, LoginTry, User

ANN = "ann@example.org"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.1"


@pytest.fixture(autouse=True)
def _small_limits(settings):
    settings.LOGIN_TRIES, settings.LOGIN_WINDOW_SECONDS = 3, 60
    settings.LOGIN_TRIES_PER_EMAIL, settings.LOGIN_TRIES_PER_ADDRESS = 8, 12


@pytest.fixture
def checks(monkeypatch):
    """Passwords that were really looked at."""
    seen = []

    def check(user, raw_password):
        seen.append(raw_password)
        return check_password(raw_password, user.password)

    monkeypatch.setattr(User, "check_password", check)
    return seen


def tried(email=ANN, password="wrong", *, at=HOME):
    """What a try comes to: the user, None, or blocked."""
    request = RequestFactory().post("/", REMOTE_ADDR=at)
    try:
        backend = backends.GuardedPasswordBackend()
        return backend.authenticate(request, username=email, password=password)
    except backends.TooManyAttempts:
        return "blocked"


def tries(kind: str) -> list[int]:
    return sorted(LoginTry.objects.filter(kind=kind).values_list("tries", flat=True))


def test_the_right_password_signs_in(db):
    ann = person("ann")

    assert tried(password=PASSWORD) == ann
    assert tried("ANN@Example.org", PASSWORD) == ann


def test_after_too_many_tries_the_right_password_is_not_looked_at(db, checks):
    person("ann")

    answers = [tried(email) for email in (ANN, "Ann@example.org ", "ａｎｎ@EXAMPLE.ORG", ANN)]

    assert (answers, tried(password=PASSWORD)) == ([None, None, None, "blocked"], "blocked")
    assert len(checks) == 3


def test_a_stranger_does_not_lock_the_owner_out(db):
    ann = person("ann")
    for _ in range(10):
        tried(at=ELSEWHERE)

    assert tried(password=PASSWORD, at=ELSEWHERE) == "blocked"
    assert tried(password=PASSWORD, at=HOME) == ann


def test_many_addresses_against_one_person_are_slowed_down(db, checks):
    person("ann")

    answers = [tried(at=f"198.51.100.{number}") for number in range(20)]

    assert answers == [None] * 8 + ["blocked"] * 12
    assert len(checks) == 8


def test_meanwhile_the_owner_gets_in_where_they_did_before(db):
    ann = person("ann")
    tried(password=PASSWORD, at=HOME)
    for number in range(20):
        tried(at=f"198.51.100.{number}")

    assert tried(password=PASSWORD, at=HOME) == ann
    assert tried(password=PASSWORD, at="192.0.2.1") == "blocked"


def test_one_address_against_many_people_is_blocked(db):
    person("ann")
    for number in range(12):
        tried(f"somebody{number}@example.org")

    assert tried(password=PASSWORD) == "blocked"
    assert tried(password=PASSWORD, at=ELSEWHERE) is not None


def test_what_is_no_address_counts_as_well(db):
    answers = [tried("sıte") for _ in range(13)]

    assert answers == [None] * 12 + ["blocked"]


def test_scripts_with_the_right_password_are_never_blocked(db):
    ann = person("ann")

    assert [tried(password=PASSWORD) for _ in range(30)] == [ann] * 30
    assert (tries("address"), tries("email"), tries("person")) == ([0], [0], [])


def test_blocked_tries_say_how_long_to_wait(db):
    waits = [login_guard.seconds_to_wait(ANN, HOME) for _ in range(5)]

    assert waits[:3] == [0, 0, 0]
    assert all(0 < wait <= 60 for wait in waits[3:])


def test_the_window_passes(db):
    ann = person("ann")
    for _ in range(5):
        tried()
    LoginTry.objects.update(until=timezone.now() - timedelta(seconds=61))

    assert tried(password=PASSWORD) == ann


def test_neither_e_mail_nor_address_is_stored(db):
    tried()

    stored = str(list(LoginTry.objects.values()))
    assert "ann" not in stored and HOME not in stored


def test_what_has_ended_is_pruned(db):
    ann = person("ann")
    tried(password=PASSWORD)
    tried(at=ELSEWHERE)
    yesterday = timezone.now() - timedelta(days=1)
    ApiToken.issue(ann, name="login", kind=ApiToken.Kind.LOGIN, expires_at=yesterday)
    ApiToken.issue(ann, name="mine", expires_at=yesterday)
    LoginTry.objects.exclude(kind="known").update(until=yesterday)

    prune_sign_ins()

    assert list(LoginTry.objects.values_list("kind", flat=True)) == ["known"]
    assert ApiToken.objects.get().name == "mine"


@pytest.mark.parametrize("who", [{"is_active": False}, {"password": None}])
def test_who_may_not_sign_in(db, who):
    person("ann", **who)

    assert tried(password=PASSWORD) is None


def test_a_call_without_a_request_is_counted_as_well(db):
    person("ann")

    assert [authenticate(None, username=ANN, password="x") for _ in range(4)] == [None] * 4
    assert authenticate(None, username=ANN, password=PASSWORD) is None


@pytest.mark.django_db(transaction=True)
def test_fifty_tries_at_once_count_as_fifty(checks, settings):
    settings.LOGIN_TRIES_PER_ADDRESS = 100
    person("ann")

    together([tried] * 50)

    assert (tries("person"), tries("address"), len(checks)) == ([50], [50], 3)


# --- tokens ---------------------------------------------------------------------------------------------


def signed(header: str, *, at: str = HOME):
    return APIClient(REMOTE_ADDR=at).get("/api/current-user/whoami/", headers={"Authorization": header})


def refreshed(token: str):
    return APIClient(REMOTE_ADDR=HOME).post("/api/token/refresh/", {"refresh": token})


@pytest.mark.parametrize(
    "guess",
    [lambda: signed("Token nonsense"), lambda: signed("Bearer nonsense"), lambda: refreshed("nonsense")],
    ids=["key", "access token", "refresh"],
)
def test_bad_tokens_are_counted_by_address_and_good_ones_work_all_the_same(db, settings, guess):
    settings.BAD_TOKENS_PER_ADDRESS = 3
    _, key = ApiToken.issue(person("ann"), name="laptop")

    answers = [guess() for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert answers[3].json()["code"] == "too_many_tries"
    assert 0 < int(answers[3]["Retry-After"]) <= 60
    assert signed("Token nonsense", at=ELSEWHERE).status_code == 401
    assert signed(f"Token {key}").status_code == 200


@pytest.mark.parametrize("door", ["rotate", "blacklist"])
def test_who_is_signed_in_does_not_guess_tokens_either(db, settings, door):
    settings.BAD_TOKENS_PER_ADDRESS = 3
    client = client_of(person("ann"))

    answers = [client.post(f"/api/token/{door}/", {"refresh": "x"}).status_code for _ in range(4)]

    assert answers == [401, 401, 401, 429]


def test_a_proxy_of_ours_is_not_the_one_who_tries(db, settings):
    settings.BAD_TOKENS_PER_ADDRESS, settings.TRUSTED_PROXIES = 1, ["10.0.0.2"]

    def status(client_says: str) -> int:
        proxied = APIClient(REMOTE_ADDR="10.0.0.2", HTTP_X_FORWARDED_FOR=client_says)
        return proxied.get("/api/tasks/", headers={"Authorization": "Token x"}).status_code

    assert [status(f"1.1.1.{number}, {HOME}") for number in range(3)] == [401, 429, 429]
    assert status(ELSEWHERE) == 401
