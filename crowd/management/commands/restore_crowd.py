"""Restore reviews into a campaign from a folder, a zip or a dataset repository."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from exchange.management.arguments import person_named
from jobs.progress import progress_bar

from ...hub import Hub, Unavailable
from ...models import REPOSITORY, Campaign
from ...restoring import RestoreState, Restoring
from ...review_source import Folder, Source, Zip
from ..shared import add_campaign, campaign_named, counts_of, errors_in_words


class Command(BaseCommand):
    help = "Restore reviews from a folder, a zip or a dataset repository. Restoring again creates nothing."

    def add_arguments(self, parser) -> None:
        parser.add_argument("path", type=Path, nargs="?", help="A folder or a zip.")
        add_campaign(parser)
        parser.add_argument("--repo", metavar="OWNER/NAME", help="A dataset repository, instead of a path.")
        parser.add_argument(
            "--strict", action="store_true", help="Exit code 1 if a file is invalid or its item unknown."
        )

    def handle(self, *, path: Path | None, repo: str | None, strict: bool, **options: Any) -> None:
        if (path is None) == (repo is None):
            raise CommandError("Say where the reviews are: a path, or --repo owner/name.")
        with errors_in_words():
            campaign = campaign_named(options["campaign"], person_named(options["actor"]))
            state = RestoreState()
            with (
                _source(path, repo, state) as files,
                progress_bar(unit="file", is_shown=options["verbosity"] > 0) as progress,
            ):
                is_pushed = repo is not None and repo == campaign.hub_repo
                Restoring(campaign, files, state, is_pushed=is_pushed, progress=progress).run()
        self._tell(campaign, state)
        if strict and (state.report.invalid or state.report.unknown):
            raise CommandError("Some files were not restored.")

    def _tell(self, campaign: Campaign, state: RestoreState) -> None:
        report = state.report
        self.stdout.write(f'"{campaign.title}": {counts_of(report.as_dict())}')
        for file in report.invalid_files:
            self.stdout.write(f"  {file['path']}: {file['reason']}")
        for anno_id in report.unknown_items:
            self.stdout.write(f"  {anno_id}: the campaign has no such item")


@contextmanager
def _source(path: Path | None, repo: str | None, state: RestoreState) -> Iterator[Source]:
    if repo is not None:
        REPOSITORY(repo)
        with tempfile.TemporaryDirectory() as folder:
            try:
                left_out = Hub().download(repo, Path(folder))
            except Unavailable as error:
                raise CommandError(f"{error}. Nothing was restored; try again later.") from None
            for name in left_out:
                if name.startswith("reviews/"):
                    state.report.add_invalid(name, "it is too large, or not named like a review")
            yield Folder(Path(folder))
    elif path is not None and path.is_dir():
        yield Folder(path)
    elif path is not None:
        with path.open("rb") as file:
            yield Zip(file)
