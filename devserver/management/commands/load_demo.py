"""What `make run` does for the demo before and after the site is up."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ...demo import load


class Command(BaseCommand):
    help = "Load the demo people and projects (--prepare, once), and write demo.json into the data folder (--write)."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--prepare",
            action="store_true",
            help="Make people, projects and verdicts where they are not there yet.",
        )
        parser.add_argument(
            "--write", action="store_true", help="Write addresses, accounts and tokens to demo.json."
        )

    def handle(self, *, prepare: bool, write: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "The demo brings an owner of the whole site: it loads only where DEMO=1 is set."
            )
        if prepare:
            load.prepare()
        if write:
            load.write()
