"""Advisory locks: each is a member of one list, and ends with its transaction."""

import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from tasks.locks import Lock, hold, try_hold

HERE = "tasks/locks.py"


def sources() -> list[Path]:
    apps = [app for app in settings.INSTALLED_APPS if (settings.BASE_DIR / app).is_dir()]
    return [path for app in {*apps, "reviewsite"} for path in (settings.BASE_DIR / app).rglob("*.py")]


def test_no_other_module_names_an_advisory_lock():
    naming = {
        path.relative_to(settings.BASE_DIR).as_posix()
        for path in sources()
        if "advisory_" in path.read_text() and "pg_" in path.read_text()
    }

    assert naming == {HERE}


def in_another_connection(question):
    """The answer of `question`, asked in a transaction of its own."""
    answers = []

    def ask():
        try:
            with transaction.atomic():
                answers.append(question())
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return answers[0]


@pytest.mark.django_db(transaction=True)
def test_a_lock_is_held_until_the_transaction_ends():
    with transaction.atomic():
        hold(Lock.DRAW, 7)
        assert not in_another_connection(lambda: try_hold(Lock.DRAW, 7))

    assert in_another_connection(lambda: try_hold(Lock.DRAW, 7))


@pytest.mark.django_db(transaction=True)
def test_locks_of_another_kind_or_key_do_not_wait():
    with transaction.atomic():
        hold(Lock.DRAW, 7)

        assert in_another_connection(lambda: try_hold(Lock.DRAW, 8) and try_hold(Lock.PROJECT_TASKS, 7))


@pytest.mark.django_db
def test_a_key_may_be_larger_than_the_database_takes():
    assert try_hold(Lock.DRAW, 2**40 + 1)
