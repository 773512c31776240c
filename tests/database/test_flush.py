"""Rows that a test leaves are found at once, and are said to be of that test."""

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from tests.database.management.commands import flush
from tests.database.tables import filled_tables
from tests.factories import House, person


@pytest.fixture
def left_open(transactional_db):
    """Somebody else's transaction."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
    yield other
    other.close()


def test_nothing_is_left(transactional_db, house: House):
    assert filled_tables()

    call_command("flush", verbosity=0, interactive=False)

    assert filled_tables() == []


def test_a_transaction_left_open_is_ended_and_reported(left_open, monkeypatch):
    monkeypatch.setattr(flush, "PATIENCE", 0.1)
    person("ann")

    with pytest.raises(AssertionError, match="left transactions open.*BEGIN"):
        call_command("flush", verbosity=0, interactive=False)

    assert filled_tables() == []
    assert not left_open.is_usable()


def test_an_open_transaction_of_the_test_itself_is_reported(db):
    with transaction.atomic(), pytest.raises(AssertionError, match="has left a transaction open"):
        call_command("flush", verbosity=0, interactive=False)


def test_rows_left_by_another_test_fail_one_test_that_names_it(made_house, transactional_db):
    flush.ran_after.append("tests/test_careless.py::test_one")
    made_house.anew()

    with pytest.raises(AssertionError, match="'tasks_project'.*test_careless.py::test_one"):
        made_house.anew()

    made_house.anew()
