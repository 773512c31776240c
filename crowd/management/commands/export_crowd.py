"""Write the reviews of a campaign into a zip."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exchange.management.arguments import person_named
from jobs.progress import progress_bar

from ...export import write_zip
from ..shared import add_campaign, campaign_named, errors_in_words


class Command(BaseCommand):
    help = "Write all reviews of a crowd campaign, its items and a summary into a zip."

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path, help="The zip to write. One that is there is replaced.")
        add_campaign(parser)

    def handle(self, *, file: Path, **options: Any) -> None:
        if not file.name or file.is_dir() or not file.parent.is_dir():
            raise CommandError(f"{file} is a folder, or in none. Name the zip to write.")
        draft = file.with_name(f".{file.name}.draft")
        with errors_in_words():
            campaign = campaign_named(options["campaign"], person_named(options["actor"]))
            try:
                is_shown = options["verbosity"] > 0
                with draft.open("wb") as opened, progress_bar(unit="review", is_shown=is_shown) as progress:
                    reviews = write_zip(campaign, opened, progress=progress)
                draft.replace(file)
            finally:
                draft.unlink(missing_ok=True)
        self.stdout.write(f'"{campaign.title}": {reviews:,} reviews in {file}, {file.stat().st_size:,} bytes')
