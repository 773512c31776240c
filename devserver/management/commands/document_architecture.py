from typing import Any

from django.core.management.base import BaseCommand

from devserver import documentation


class Command(BaseCommand):
    help = "Write the generated parts of docs/architecture.md, and docs/reference/data-model.md."

    def handle(self, **options: Any) -> None:
        documentation.ARCHITECTURE.write_text(documentation.architecture())
        documentation.DATA_MODEL.write_text(documentation.data_model())
