from django.db import migrations, models

NAMES = ("projecttotal", "projectdelta")
COLUMNS = {
    "sampled": "Tasks drawn into the review sample.",
    "review_done": "Tasks that are reviewed, or were not drawn.",
}


class Migration(migrations.Migration):
    dependencies = [("tasks", "0009_contested")]

    operations = [
        migrations.AddField(name, column, models.BigIntegerField(default=0, help_text=said))
        for name in NAMES
        for column, said in COLUMNS.items()
    ] + [
        # Until now every task was drawn.
        migrations.RunSQL(
            f"UPDATE tasks_{name} SET sampled = tasks, review_done = reviewed", migrations.RunSQL.noop
        )
        for name in NAMES
    ]
