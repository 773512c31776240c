"""Statements of the hot paths."""

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from tasks.sql import run


def elsewhere(statement: str) -> None:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute(statement)


@pytest.fixture
def changed_column(transactional_db):
    """A table whose column has another type than when the statement that reads it was prepared."""
    elsewhere("DROP TABLE IF EXISTS changing; CREATE TABLE changing AS SELECT 1 AS value")
    for _ in range(2):
        assert run("SELECT value FROM changing") == [(1,)]
    elsewhere("ALTER TABLE changing ALTER COLUMN value TYPE text")
    yield
    connection.close()
    elsewhere("DROP TABLE changing")


def test_statement_of_a_hot_path_is_prepared_on_its_connection(db):
    assert run("SELECT 41 + %s::int", [1]) == [(42,)]

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 41 + $1::int'")
        assert cursor.fetchone() == (1,)


def test_a_statement_of_a_hot_path_is_planned_once(db):
    for _ in range(3):
        run("SELECT id FROM tasks_task WHERE id = ANY(%s::bigint[])", [[1]])

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = "
            "'SELECT id FROM tasks_task WHERE id = ANY($1::bigint[])'"
        )
        assert cursor.fetchone() == (3, 0)


def test_a_statement_prepared_before_a_migration_is_run_again_on_a_new_connection(changed_column):
    assert run("SELECT value FROM changing") == [("1",)]


def test_within_a_transaction_it_is_as_if_the_database_were_away(changed_column):
    with pytest.raises(OperationalError), transaction.atomic():
        run("SELECT value FROM changing")

    assert run("SELECT value FROM changing") == [("1",)]


def test_a_connection_that_was_closed_by_the_database_is_replaced(transactional_db):
    ((backend,),) = run("SELECT pg_backend_pid()")
    connection.health_check_enabled, connection.health_check_done = True, False
    elsewhere(f"SELECT pg_terminate_backend({backend}, 10000)")

    assert run("SELECT 1") == [(1,)]
