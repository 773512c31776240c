"""Permanently delete what was marked deleted long enough ago."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from reviews.purging import RESTORABLE_DAYS, purge


class Command(BaseCommand):
    help = "Permanently delete projects, tasks and annotations that were marked deleted, with their reviews."

    def add_arguments(self, parser) -> None:
        parser.add_argument(
            "--days",
            type=int,
            default=RESTORABLE_DAYS,
            help="Deleted at least this many days ago (default: %(default)s).",
        )

    def handle(self, *, days: int, **options: Any) -> None:
        for what, number in purge(timezone.now() - timedelta(days=days)).items():
            self.stdout.write(f"{number} {what}")
