"""Tasks learn the lowest score of the predictions they have."""

from django.db import migrations

COUNT = """
    UPDATE tasks_task t SET lowest_score = p.lowest
    FROM (SELECT task_id, min(score) AS lowest FROM tasks_prediction GROUP BY task_id) p WHERE p.task_id = t.id
"""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0010_review_progress")]

    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
