from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0006_loop_append_only")]

    operations = [
        migrations.AddIndex(
            "queueentry",
            models.Index(
                fields=["project", "leased_until"],
                condition=models.Q(lease__isnull=False),
                name="queue_leased",
            ),
        ),
    ]
