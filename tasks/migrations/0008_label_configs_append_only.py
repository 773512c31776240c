from django.db import migrations

from tasks import triggers


class Migration(migrations.Migration):
    dependencies = [("tasks", "0007_label_config_versions")]
    operations = triggers.operations("tasks")
