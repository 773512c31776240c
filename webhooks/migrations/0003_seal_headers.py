"""Headers that were stored as they were given are encrypted."""

import json

from django.db import migrations

from webhooks.fields import sealed


def seal(apps, schema_editor) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, headers FROM webhooks_webhook WHERE headers LIKE '{%'")
        for pk, headers in cursor.fetchall():
            cursor.execute(
                "UPDATE webhooks_webhook SET headers = %s WHERE id = %s", [sealed(json.loads(headers)), pk]
            )


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0002_hardened")]
    operations = [migrations.RunPython(seal, migrations.RunPython.noop)]
