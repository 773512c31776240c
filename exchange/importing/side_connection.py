"""A second connection: what it writes is seen at once, while the import is one long transaction on the first."""

from typing import Any

from django.db import connection


class Cancelled(Exception):
    """Somebody stopped the import."""


class Beside:
    def __init__(self, record_id: int) -> None:
        self.record_id = record_id

    def __enter__(self) -> "Beside":
        self.connection = connection.copy()
        return self

    def __exit__(self, *_: Any) -> None:
        self.connection.close()

    def begin(self) -> int:
        """How often a worker has begun this one, this time included."""
        return self._write("status = 'in_progress', attempts = attempts + 1, done = 0", [])

    def tell(self, done: int, total: int) -> None:
        self._write("done = %s, total = %s", [done, total])

    def _write(self, changes: str, values: list[int]) -> int:
        """Raises Cancelled where the import is to stop, or is gone."""
        statement = f"UPDATE exchange_importjob SET {changes}, beaten_at = now() WHERE record_id = %s AND cancelled_at IS NULL"
        with self.connection.cursor() as cursor:
            cursor.execute(f"{statement} RETURNING attempts", [*values, self.record_id])
            row = cursor.fetchone()
        if row is None:
            raise Cancelled
        return row[0]
