"""Which tasks name which uploads: a function over their data, and an index that has only the tasks that name any."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import tasks.origins
from tasks import upload_names


class Migration(migrations.Migration):
    dependencies = [("tasks", "0011_lowest_scores")]

    operations = [
        migrations.AddField(
            model_name="task",
            name="file_upload",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="tasks",
                to="tasks.upload",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="media_origins",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=255, validators=[tasks.origins.validate_origin]),
                blank=True,
                default=list,
                help_text="Hosts that pictures and sounds may come from, as https://pictures.example.org. This site may always.",
                size=None,
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(
                condition=models.Q(("file_upload__isnull", False)),
                fields=["file_upload"],
                name="task_by_upload",
            ),
        ),
        *upload_names.OPERATIONS,
    ]
