from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [
        # A sequence, not max(position) + 1: a number is never used twice, even after old events are gone.
        migrations.RunSQL("CREATE SEQUENCE webhooks_event_position", "DROP SEQUENCE webhooks_event_position"),
    ]
