"""Empties the tables after a test that commits. Django's own flush truncates all of them, filled or not, and then writes every
content type and permission again: most of the time such a test takes.
"""

from django.db import connection
from django.test import TransactionTestCase

# Written once by the migrations, and by no test.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def install() -> None:
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]


def _empty(test: TransactionTestCase) -> None:
    if filled := filled_tables():
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")


def filled_tables() -> list[str]:
    """Those that hold a row."""
    tables = [name for name in connection.introspection.django_table_names() if name not in KEPT]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)
        )
        return [name for (name,) in cursor.fetchall()]
