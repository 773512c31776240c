from django.db import migrations

from tasks import triggers


class Migration(migrations.Migration):
    dependencies = [("reviews", "0001_initial"), ("tasks", "0002_sql")]
    operations = triggers.operations("reviews")
