from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("api", "0001_exports")]

    operations = [
        migrations.AddField(
            model_name="export",
            name="anonymized",
            field=models.BooleanField(default=False, help_text="Its maker reads pseudonyms, and so does the file."),
        ),
    ]
