"""A kept connection is looked at, not asked; requests wait only so long for a lock."""

import psycopg
import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from reviewsite import errors
from reviewsite.postgresql import base
from reviewsite.postgresql.base import DatabaseWrapper
from tasks.models import Project
from tests.factories import client_of
from tests.snapshots import everything

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def connected(monkeypatch: pytest.MonkeyPatch):
    """Kept as between requests, and closed after the test, for it may have options of its own."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 60)
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
    connection.close()
    yield
    connection.close()


def next_request() -> list[str]:
    """The statements of a request that counts the projects. (The check of a connection is not among Django's
    own.)"""
    close_old_connections()
    with CaptureQueriesContext(connection) as asked:
        Project.objects.count()
    return [query["sql"] for query in asked.captured_queries]


def backend_pid() -> int:
    with connection.cursor() as cursor:
        return cursor.execute("SELECT pg_backend_pid()").fetchone()[0]


def elsewhere() -> psycopg.Connection:
    return psycopg.connect(
        **connection.get_connection_params() | {"cursor_factory": None, "autocommit": True}
    )


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each `SELECT 1`."""
    asked: list[str] = []

    def is_usable(self) -> bool:
        asked.append("SELECT 1")
        return True

    monkeypatch.setattr(base.base.DatabaseWrapper, "is_usable", is_usable)
    return asked


def test_a_connection_in_use_is_not_asked_whether_it_works(checks):
    next_request()
    checks.clear()

    next_request()
    next_request()

    assert checks == []


def test_an_idle_connection_is_asked_once(checks, monkeypatch):
    next_request()
    next_request()
    checks.clear()

    monkeypatch.setattr(base, "monotonic", lambda: 10.0**12)
    next_request()
    next_request()

    assert checks == ["SELECT 1"]


def test_a_connection_that_the_server_ended_is_replaced():
    next_request()
    ended = backend_pid()
    next_request()

    with elsewhere() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    next_request()

    assert backend_pid() != ended


def test_a_request_that_waits_too_long_for_a_lock_is_503_and_changes_nothing(house, monkeypatch):
    monkeypatch.setattr(DatabaseWrapper, "lock_timeout_ms", 100)
    client = client_of(house.reviewer)
    connection.close()

    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT 1 FROM tasks_annotation WHERE id = %s FOR UPDATE", [house.annotation.pk])
        before = everything()
        answer = client.post(f"/api/annotations/{house.annotation.pk}/accept/", {})
        other.rollback()

    assert everything() == before
    assert answer.status_code == 503
    assert answer["Retry-After"] == "2"
    assert answer.json()["code"] == "busy"
    assert client.post(f"/api/annotations/{house.annotation.pk}/accept/", {}).status_code == 200


def test_jobs_and_commands_wait_for_a_lock_as_long_as_it_takes():
    with connection.cursor() as cursor:
        assert cursor.execute("SHOW lock_timeout").fetchone()[0] == "0"


def test_a_page_that_waits_too_long_says_that_it_is_busy(rf):
    """handler500 is called while the exception is handled."""
    try:
        try:
            raise psycopg.errors.LockNotAvailable
        except psycopg.Error as cause:
            raise errors.OperationalError from cause
    except errors.OperationalError:
        page, api = errors.server_error(rf.get("/")), errors.server_error(rf.get("/api/tasks/"))

    assert (page.status_code, api.status_code, api["Retry-After"]) == (503, 503, "2")
