"""Instructions written before they were cleaned on the way in."""

from django.db import migrations
from django.db.models import Q

from tasks.safe_html import safe_html

FIELDS = ("expert_instruction", "review_instruction")


def clean(apps, schema_editor):
    projects = apps.get_model("tasks", "Project").objects
    for project in projects.filter(Q(expert_instruction__contains="<") | Q(review_instruction__contains="<")):
        cleaned = {name: safe_html(getattr(project, name)) for name in FIELDS}
        projects.filter(pk=project.pk).update(**cleaned)


class Migration(migrations.Migration):
    dependencies = [("tasks", "0007_pinned_projects")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
