from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tasks", "0004_view")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="anonymize_annotations",
            field=models.BooleanField(
                default=False,
                help_text="Instead of everybody else's name, on every path.",
                verbose_name="reviewers read pseudonyms",
            ),
        ),
    ]
