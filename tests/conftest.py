"""Fixtures of all tests; the people and objects of the tests are in tests/factories.py."""

import os
import threading
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection, connections
from rest_framework.test import APIClient

from tasks.models.task import importer_of
from tests import checked, copied, factories
from users import recent_reads


def pytest_configure() -> None:
    # One Redis serves all processes of xdist; the variable is for workers that a test starts.
    prefix = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-"
    os.environ["REDIS_PREFIX"] = prefix
    settings.CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = prefix
    # One connection in this thread, also while Playwright's event loop runs in it: Django would take another
    # one then, outside of the test's transaction.
    connections._connections = threading.local()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """PostgreSQL ends the session of a killed worker or a closed socket a moment later than the process ends:
    the test database cannot be dropped before."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session")
def made_house(django_db_setup, django_db_blocker) -> copied.Made:
    with django_db_blocker.unblock():
        return copied.made(factories.build_house)


@pytest.fixture
def house(made_house, db) -> factories.House:
    """A project with everybody in it."""
    return made_house.anew()


@pytest.fixture(autouse=True)
def nothing_read_recently() -> None:
    """`house` has the same ids in every test."""
    recent_reads.TOKENS.clear()
    recent_reads.ROLES.clear()
    importer_of.cache_clear()


@pytest.fixture(autouse=True)
def compared_with_openapi(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if not checked.COLLECTED_IN:
        place = request.path.relative_to(request.config.rootpath).as_posix()
        monkeypatch.setitem(checked.now, "compares", not place.startswith(checked.NOT_COMPARED))


@pytest.fixture(autouse=True)
def in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent is recorded before `drain` returns: another thread would not see what the test has not
    committed."""
    from webhooks import sender

    monkeypatch.setattr(sender, "WAIT_SECONDS", 60)


@pytest.fixture
def client_of(db) -> Callable[..., APIClient]:
    """client_of(user): an API client with a token of theirs."""
    return factories.client_of


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What one process must do alone comes first: at the end the other would wait for it."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
