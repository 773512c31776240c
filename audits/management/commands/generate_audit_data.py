"""Make a data set to try audits on."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from jobs.progress import progress_bar
from users.errors import Refused

from ... import exporting, loading
from ...generator import SIZES, generate
from ..loading_command import LoadingCommand


class Command(LoadingCommand):
    help = "Generate a data set for audits: the same seed gives the same data."

    def add_arguments(self, parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--size", choices=list(SIZES), default="demo")
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--title", default="")
        parser.add_argument(
            "--csv", type=Path, metavar="FOLDER", help="Write CSV files there, store nothing."
        )

    def handle(self, *, size: str, seed: int, title: str, csv: Path | None, **options: Any) -> None:
        if seed < 0:
            raise CommandError("A seed is a whole number from 0.")
        started = time.perf_counter()
        made = generate(SIZES[size], seed)
        self.stdout.write(
            f"Generated {size} with seed {seed} in {time.perf_counter() - started:.1f} s: "
            f"{len(made.texts):,} comments, {len(made.rating_value):,} ratings, checksum {made.checksum()}."
        )
        source = loading.generated(made)
        if csv:
            exporting.write(source, csv)
            self.stdout.write(f"Written to {csv}: {', '.join(exporting.FILES)}.")
            return
        actor = self.person(options["actor"])
        try:
            with progress_bar(unit="row", is_shown=options["verbosity"] > 0) as progress:
                started = time.perf_counter()
                dataset = loading.store(
                    source,
                    actor=actor,
                    title=title or f"Generated comments ({size}, seed {seed})",
                    project=self.project(options["project"]),
                    progress=progress,
                    content_warning="All comments are made up. Some are rude, in harmless words.",
                    description="Made by generate_audit_data: no person wrote or rated these comments.",
                    artifact_name="Made-up comment filter",
                    developers=["Nobody"],
                    deployers=["Nobody"],
                )
            self.report(dataset, actor, time.perf_counter() - started, options | {"seed": seed})
        except Refused as refused:
            raise CommandError(refused.detail)
