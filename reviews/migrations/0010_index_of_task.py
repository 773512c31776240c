import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reviews", "0009_queue_functions")]

    operations = [
        migrations.AlterField(
            "queueentry",
            "task",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tasks.task"
            ),
        ),
        migrations.AddIndex(
            "queueentry", django.contrib.postgres.indexes.HashIndex(fields=["task"], name="queue_of_task")
        ),
    ]
