"""Make a data set from CSV files."""

import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from jobs.progress import progress_bar
from users.errors import Refused

from ...importing import PRESETS, BadRows, CsvFile, Files, import_files
from ..loading_command import LoadingCommand


class Command(LoadingCommand):
    help = "Import comments, ratings and raters from CSV files into a new data set, all or nothing."

    def add_arguments(self, parser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--comments", type=Path, required=True)
        parser.add_argument("--ratings", type=Path, required=True)
        parser.add_argument("--raters", type=Path, help="Without it, groups of raters cannot be chosen.")
        says = "; ".join(f"{name}: {preset.says}" for name, preset in PRESETS.items())
        parser.add_argument("--preset", choices=list(PRESETS), default="plain", help=says)
        parser.add_argument("--title", required=True)
        parser.add_argument(
            "--scale-max", type=int, default=4, help="Ratings go from 0 to this (default: 4)."
        )
        parser.add_argument("--seed", type=int, default=0, help="Of the base model.")

    def handle(
        self,
        *,
        comments: Path,
        ratings: Path,
        raters: Path | None,
        preset: str,
        title: str,
        scale_max: int,
        **options: Any,
    ) -> None:
        actor, project = self.person(options["actor"]), self.project(options["project"])
        started = time.perf_counter()
        files = Files(CsvFile.at(comments), CsvFile.at(ratings), CsvFile.at(raters) if raters else None)
        try:
            with progress_bar(unit="row", is_shown=options["verbosity"] > 0) as progress:
                dataset = import_files(
                    files,
                    actor=actor,
                    title=title,
                    project=project,
                    preset=preset,
                    scale_max=scale_max,
                    progress=progress,
                )
            self.report(dataset, actor, time.perf_counter() - started, options)
        except BadRows as refused:
            listed = "\n".join(f"  {row}" for row in refused.rows)
            raise CommandError(f"{refused.detail}\n{listed}")
        except Refused as refused:
            raise CommandError(refused.detail)
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}")
