"""What is made once through the real services and laid into the database anew for each test: a few COPY
instead of 84 queries."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from tests.database.tables import filled_tables


@dataclass(frozen=True)
class Made:
    """The rows of each table, as COPY writes them, and the objects that stand for them."""

    tables: dict[str, bytes]
    objects: Any

    def anew(self) -> Any:
        try:
            self._copy()
        except IntegrityError:
            # Rows that a test before has left: its processes may commit after it was tidied up.
            call_command("flush", verbosity=0, interactive=False)
            self._copy()
        return deepcopy(self.objects)

    def _copy(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in self.tables.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)


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
