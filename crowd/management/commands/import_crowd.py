"""Import a file of items into a campaign."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from exchange.management.arguments import person_named, project_named
from jobs.progress import progress_bar

from ... import campaigns
from ...importing.importer import import_items
from ...models import Campaign
from ..shared import add_campaign, campaign_named, counts_of, errors_in_words


class Command(BaseCommand):
    help = (
        "Import items (JSON lines) into a crowd campaign. Bad lines are listed, the good ones are imported."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path)
        add_campaign(
            parser, required=False, help="As in its address: /c/SLUG/. With --create: of the new one."
        )
        parser.add_argument("--create", action="store_true", help="A new campaign: --project and --title.")
        parser.add_argument("--project", help="Id or title of the project of the new campaign.")
        parser.add_argument("--title", help="Of the new campaign.")
        parser.add_argument(
            "--target", type=int, default=3, help="Reviews per item of the new one (default: 3)."
        )
        parser.add_argument("--strict", action="store_true", help="Import nothing if there is a bad line.")

    def handle(self, *, file: Path, strict: bool, **options: Any) -> None:
        is_shown = options["verbosity"] > 0
        with errors_in_words():
            with file.open("rb") as opened, transaction.atomic():
                campaign = _campaign(options)
                with progress_bar(unit="byte", is_shown=is_shown) as progress:
                    report = import_items(campaign, opened, strict=strict, progress=progress)
        self.stdout.write(f'"{campaign.title}" at {campaign.path}review: {counts_of(report.as_dict())}')
        for error in report.errors:
            self.stdout.write(f"  line {error['line']}: {error['reason']}")
        for anno_id in report.kept_items:
            self.stdout.write(f"  {anno_id}: kept as it was, because it is being reviewed")


def _campaign(options: dict[str, Any]) -> Campaign:
    person = person_named(options["actor"])
    if not options["create"]:
        if not options["campaign"]:
            raise CommandError("Name the campaign: --campaign SLUG, or --create --project … --title …")
        return campaign_named(options["campaign"], person)
    if not (options["project"] and (options["title"] or "").strip()):
        raise CommandError("--create needs --project and --title.")
    return campaigns.create(
        project_named(options["project"], person),
        actor=person,
        title=options["title"],
        slug=options["campaign"] or "",
        target=options["target"],
    )
