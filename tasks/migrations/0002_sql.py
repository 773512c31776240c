from django.db import migrations

from tasks import triggers, upload_names


class Migration(migrations.Migration):
    dependencies = [("tasks", "0001_initial")]
    operations = [*upload_names.OPERATIONS, *triggers.operations("tasks")]
