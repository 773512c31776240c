from django.db import migrations

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON tasks_labelconfigversion
    FOR EACH ROW EXECUTE FUNCTION countersign_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("tasks", "0007_label_config_versions")]
    operations = [migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON tasks_labelconfigversion;")]
