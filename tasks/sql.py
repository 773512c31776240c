"""Set-based writes the ORM has no word for."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models


def update_rows(rows: Sequence[models.Model], fields: Iterable[str]) -> None:
    """Write `fields` of all `rows` (of one model) in one statement, each row its own values."""
    if not rows:
        return
    meta = rows[0]._meta
    columns = [meta.get_field(name) for name in fields]
    sets = ", ".join(f"{_quoted(c.column)} = v.{_quoted(c.column)}" for c in columns)
    names = ", ".join(["id", *(_quoted(c.column) for c in columns)])
    arrays = ", ".join(["%s::bigint[]", *(f"%s::{c.db_type(connection)}[]" for c in columns)])
    values = [[row.pk for row in rows], *([_prepared(c, row) for row in rows] for c in columns)]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {_quoted(meta.db_table)} t SET {sets} FROM unnest({arrays}) AS v({names}) WHERE t.id = v.id", values)


def _prepared(field: Any, row: models.Model) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Ids of `model` reserved from its sequence, for rows that must name each other before they are written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]
