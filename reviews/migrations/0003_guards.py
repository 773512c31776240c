from django.db import migrations


class Migration(migrations.Migration):
    """Triggers are installed by 0006."""

    dependencies = [("reviews", "0002_initial"), ("tasks", "0003_append_only")]
    operations = []
