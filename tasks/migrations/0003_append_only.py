from django.db import migrations


class Migration(migrations.Migration):
    """Triggers are installed by 0008."""

    dependencies = [("tasks", "0002_initial")]
    operations = []
