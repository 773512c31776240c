from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from reviews.documentation import page


class Command(BaseCommand):
    help = "Write docs/reference/workflow.md from the workflow table."

    def handle(self, *args, **options) -> None:
        (Path(settings.BASE_DIR) / "docs/reference/workflow.md").write_text(page())
