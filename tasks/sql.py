"""What the ORM cannot do: set-based writes, prepared statements, COPY, reads with a time limit."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, cast

import psycopg
import psycopg.sql
from django.conf import settings
from django.db import OperationalError, connection, models, transaction


def run(statement: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[tuple]:
    """Execute a statement of a hot path and return its rows; [] if it returns none.

    It is prepared on each connection, because planning takes longer than execution. The server binds the
    parameters, so it must be able to infer their types: cast them where it cannot.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    if connection.queries_logged:
        connection.queries_log.append({"sql": statement, "time": "0"})
    try:
        return _execute(statement, parameters)
    except psycopg.errors.FeatureNotSupported as error:
        # A column has another type than when the statement was prepared, and PostgreSQL plans it anew only on
        # a new connection.
        if connection.in_atomic_block:
            raise OperationalError("The table has changed: begin the transaction again.") from error
        connection.close()
        connection.ensure_connection()
        return _execute(statement, parameters)


def _execute(statement: str, parameters: Mapping[str, Any] | Sequence[Any]) -> list[tuple]:
    with psycopg.Cursor(connection.connection) as cursor:
        with _database_errors():
            cursor.execute(statement, parameters, prepare=settings.PREPARE_STATEMENTS)  # type: ignore[arg-type]
        # Not `cursor.description`, which creates an object for every column.
        return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


@contextmanager
def _database_errors() -> Iterator[None]:
    """Django's errors for psycopg's, but for the one that `run` deals with itself."""
    try:
        yield
    except psycopg.errors.FeatureNotSupported:
        raise
    except psycopg.Error:
        with connection.wrap_database_errors:
            raise


def streamed(rows: models.QuerySet[Any], at_once: int) -> Iterator[Any]:
    """The rows, so many in memory at once. In a transaction: behind pgbouncer a cursor ends with its own."""
    with transaction.atomic(savepoint=False):
        yield from rows.iterator(chunk_size=at_once)


def with_constants(rows: models.QuerySet) -> str:
    """The SQL of a queryset whose values are all constants, inlined, for use in a larger statement."""
    statement, values = rows.query.sql_with_params()
    return statement % tuple(psycopg.sql.Literal(value).as_string(None) for value in values)


def update_rows(rows: Sequence[models.Model], fields: Iterable[str]) -> None:
    """Write `fields` of `rows` (of one model) in one statement, each row with its own values."""
    if not rows:
        return
    meta = rows[0]._meta
    columns = [cast(models.Field, meta.get_field(name)) for name in fields]
    sets = ", ".join(f"{_quoted(c.column)} = v.{_quoted(c.column)}" for c in columns)
    names = ", ".join(["id", *(_quoted(c.column) for c in columns)])
    arrays = ", ".join(["%s::bigint[]", *(f"%s::{c.db_type(connection)}[]" for c in columns)])
    values = [[row.pk for row in rows], *([_prepared(c, row) for row in rows] for c in columns)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_quoted(meta.db_table)} t SET {sets} FROM unnest({arrays}) AS v({names}) WHERE t.id = "
            f"v.id",
            values,
        )


def _prepared(field: Any, row: models.Model) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _quoted(name: Any) -> str:
    return connection.ops.quote_name(name)


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """Reserve ids from the sequence of `model`, for rows that refer to each other before they exist."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def copy_rows(rows: Sequence[models.Model]) -> None:
    """Insert `rows` (of one model, complete, with their ids) by COPY, several times as fast as INSERT."""
    if rows:
        columns = [
            column for column in rows[0]._meta.concrete_fields if column.column and not column.generated
        ]
        copy_values(type(rows[0]), columns, map(attrgetter(*(column.attname for column in columns)), rows))


def copy_values(model: type[models.Model], columns: Sequence[Any], rows: Iterable[tuple]) -> None:
    """The same for tuples with the values of `columns` (fields of the model)."""
    written = [(position, write) for position, column in enumerate(columns) if (write := _writer(column))]
    names = ", ".join(_quoted(column.column) for column in columns)
    statement = f"COPY {_quoted(model._meta.db_table)} ({names}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            values = list(row)
            for position, write in written:
                if values[position] is not None:
                    values[position] = write(values[position])
            copy.write_row(values)


def _writer(column: Any) -> Callable[[Any], str] | None:
    """How a value of this column becomes text if the driver cannot know: JSON, and members of TextChoices."""
    if isinstance(column, models.JSONField):
        return json.dumps
    return str if isinstance(column, models.CharField | models.TextField) else None


def analyze(*tables: type[models.Model]) -> None:
    """Count the rows of these tables for the planner. Prepared statements on them are planned anew."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(_quoted(table._meta.db_table) for table in tables)}")


@contextmanager
def bounded_reads(milliseconds: int) -> Iterator[None]:
    """Cancel statements in the block that take longer (OperationalError), so that no
    filter can block a worker."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
        yield
