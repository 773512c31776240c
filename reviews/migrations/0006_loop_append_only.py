from django.db import migrations

from tasks import triggers


class Migration(migrations.Migration):
    dependencies = [("reviews", "0005_review_loop"), ("tasks", "0008_label_configs_append_only")]
    operations = triggers.operations("reviews")
