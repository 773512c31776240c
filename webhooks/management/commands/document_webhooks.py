import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from webhooks.reference import examples, openapi, page

FOLDER = Path(settings.BASE_DIR, "docs/reference")
PAGE, SCHEMA = "webhook-events.md", "webhook-events.schema.json"


class Command(BaseCommand):
    help = "Make one of each event, in a transaction that is rolled back, and write their reference."

    def handle(self, **options: Any) -> None:
        openapi.EXAMPLES.write_text(dumped(examples.examples()))
        openapi.examples.cache_clear()
        (FOLDER / PAGE).write_text(page.page())
        (FOLDER / SCHEMA).write_text(dumped(page.json_schema()))


def dumped(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
