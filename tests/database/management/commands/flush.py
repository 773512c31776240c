import os
import time
from typing import Any

from django.core.management.commands import flush
from django.db import connection

from tests.database.tables import delete_all_rows

PATIENCE = 10  # seconds
OPEN = """
    SELECT pid, state, left(query, 200) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend'
        AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""
# The tests after which it ran. Rows that a test finds were left by one of the last.
ran_after: list[str] = []


class Command(flush.Command):
    """Runs after each test that commits. Keeps content types and permissions, which Django's own command
    writes again."""

    def handle(self, **options: Any) -> None:
        ran_after.append(os.environ.get("PYTEST_CURRENT_TEST", ""))
        # Whoever rolls it back later brings the rows back.
        assert not connection.in_atomic_block, "A test that commits has left a transaction open."
        with connection.cursor() as cursor:
            unfinished = _unfinished(cursor)
            delete_all_rows(cursor)
        assert not unfinished, f"A test has left transactions open, which could still commit: {unfinished}"


def _unfinished(cursor: Any) -> list[Any]:
    """Transactions of threads and processes: waited for, then ended."""
    deadline = time.monotonic() + PATIENCE
    while unfinished := cursor.execute(OPEN).fetchall():
        if time.monotonic() > deadline:
            cursor.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM ({OPEN}) unfinished")
            break
        time.sleep(0.01)
    return unfinished
