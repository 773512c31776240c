"""Statements of the hot paths."""

from django.db import connection

from tasks.sql import run


def test_statement_of_a_hot_path_is_prepared_on_its_connection(db):
    assert run("SELECT 41 + %s::int", [1]) == [(42,)]

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = 'SELECT 41 + $1::int'")
        assert cursor.fetchone() == (1,)
