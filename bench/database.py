"""The database of the measurements that run in one process with Django, through devserver.embedded."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django


def run(main: Callable[..., None], *, default: list[int]) -> None:
    """Set Django up as for a test, and call `main` with the arguments of the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
    django.setup()
    from django.test.utils import setup_test_environment

    refuse_filled_database()
    setup_test_environment()
    arguments = [int(word) if word.isdecimal() else word for word in sys.argv[1:]]
    main(*(arguments or default))


def refuse_filled_database() -> None:
    from django.db import connection

    if connection.introspection.table_names():
        sys.exit(
            "This database is not empty, and would be emptied. Use a throw-away one (devserver.embedded)."
        )


@contextmanager
def empty_database() -> Iterator[None]:
    """Migrated, and emptied at the end."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
