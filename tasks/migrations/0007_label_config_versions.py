"""Every project's present configuration becomes its first version."""

from django.db import migrations

FIRST = """
INSERT INTO tasks_labelconfigversion (project_id, number, xml, created_by_id, created_at)
SELECT id, 1, label_config, created_by_id, created_at FROM tasks_project;
UPDATE tasks_project p SET label_config_version_id = v.id FROM tasks_labelconfigversion v WHERE v.project_id = p.id;
"""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0006_review_loop")]
    operations = [
        migrations.RunSQL(
            FIRST,
            "UPDATE tasks_project SET label_config_version_id = NULL; DELETE FROM tasks_labelconfigversion;",
        ),
    ]
