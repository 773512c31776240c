from django.db import connection

# Filled by the migrations and not changed by any test.
STATIC_TABLES = {"django_migrations", "django_content_type", "auth_permission"}


def filled_tables() -> list[str]:
    """The tables that contain rows, without STATIC_TABLES."""
    tables = [name for name in connection.introspection.django_table_names() if name not in STATIC_TABLES]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)
        )
        return [name for (name,) in cursor.fetchall()]
