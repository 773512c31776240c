import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

from tasks import triggers

FILL = """
    INSERT INTO tasks_tasktext (task_id, words) SELECT id, countersign_data_words(data) FROM tasks_task
"""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0009_import_sentences")]
    operations = [
        migrations.CreateModel(
            name="TaskText",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tasks.task",
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField(null=True)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["words"], name="task_text_words")
                ],
            },
        ),
        *triggers.operations("tasks"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
