import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from webhooks.catalogue import as_table
from webhooks.reference import examples, openapi, page

FOLDER = Path(settings.BASE_DIR, "docs/reference")
OVERVIEW, PAGE, SCHEMA = "webhooks.md", "webhook-events.md", "webhook-events.schema.json"
TABLE = re.compile(r"(<!-- generated: actions -->\n).*?(<!-- end -->\n)", re.DOTALL)


class Command(BaseCommand):
    help = "Make one of each event, in a transaction that is rolled back, and write their reference."

    def handle(self, **options: Any) -> None:
        openapi.EXAMPLES.write_text(dumped(examples.examples()))
        openapi.examples.cache_clear()
        overview = (FOLDER / OVERVIEW).read_text()
        (FOLDER / OVERVIEW).write_text(TABLE.sub(lambda part: part[1] + as_table() + part[2], overview))
        (FOLDER / PAGE).write_text(page.page())
        (FOLDER / SCHEMA).write_text(dumped(page.json_schema()))


def dumped(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
