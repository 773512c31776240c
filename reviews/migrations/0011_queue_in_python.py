import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0010_index_of_task"),
        ("tasks", "0013_annotation_fills_slot_annotation_state"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            "DROP FUNCTION countersign_sync_queue(bigint[]); DROP FUNCTION countersign_sync_queue_of_many(bigint[]); DROP FUNCTION countersign_queue_wanted(bigint[])",
            "",
        ),
        migrations.RenameField("queueentry", "author", "completed_by"),
        migrations.RemoveField("queueentry", "not_for"),
        migrations.AddField(
            "queueentry",
            "last_created_by",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "queueentry",
            "state",
            models.CharField(max_length=10, default="waiting", choices=[]),
            preserve_default=False,
        ),
    ]
