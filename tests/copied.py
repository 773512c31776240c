"""What is made once through the real services and laid into the database anew for each test: a few COPY
instead of 84 queries."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from tests.database.tables import filled_tables


@dataclass(frozen=True)
class Made:
    """The rows of each table, as COPY writes them, and the pickled objects that stand for them."""

    tables: dict[str, bytes]
    objects: bytes

    def anew(self) -> Any:
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self.tables.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
        return pickle.loads(self.objects)


def made(build: Callable[[], Any]) -> Made:
    """Built and taken back. Its ids are given to nothing else: a sequence is not taken back."""
    with transaction.atomic():
        before = filled_tables()
        objects = pickle.dumps(build())
        tables = {table: _rows_of(table) for table in filled_tables() if table not in before}
        transaction.set_rollback(True)
    return Made(tables, objects)


def _rows_of(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(copy)
