"""What is made once through the real services and laid into the database anew for each test: a few COPY
instead of 84 queries."""

from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from psycopg import IntegrityError

from tests.database.management.commands.flush import ran_after
from tests.database.tables import delete_all_rows, filled_tables


@dataclass(frozen=True)
class Made:
    """The rows of each table, as COPY writes them, and the objects that stand for them."""

    tables: dict[str, bytes]
    objects: Any

    def anew(self) -> Any:
        try:
            self._copy()
        except IntegrityError as error:
            raise AssertionError(f"{_taken_away()} had rows left by one of {ran_after[-3:]}") from error
        return deepcopy(self.objects)

    def _copy(self) -> None:
        # As on a replica: what triggers wrote is among the rows.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self.tables.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def _taken_away() -> list[str]:
    """The tables with rows that nobody tidied up. One test is told, and those after it find nothing: the rows
    are deleted outside of this test's transaction."""
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        left = filled_tables()
        delete_all_rows(cursor)
    return left


def made(build: Callable[[], Any]) -> Made:
    """Built and taken back. Its ids are given to nothing else: a sequence is not taken back."""
    with transaction.atomic():
        before = filled_tables()
        objects = build()
        tables = {table: _rows_of(table) for table in filled_tables() if table not in before}
        transaction.set_rollback(True)
    return Made(tables, objects)


def _rows_of(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(copy)
