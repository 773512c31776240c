from typing import Any

from django.core.management.commands import flush
from django.db import connection

from tests.database.tables import filled_tables


class Command(flush.Command):
    """Truncates only tables with rows and keeps content types and permissions.

    Django's own command truncates every table, then writes all content types and permissions again: most of
    the time that a test which commits would take.
    """

    def handle(self, **options: Any) -> None:
        if filled := filled_tables():
            with connection.cursor() as cursor:
                cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")
