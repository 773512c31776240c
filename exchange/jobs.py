"""Celery jobs: thin, each a call."""

from celery import shared_task

from .exporting import kept as snapshots
from .importing import background as later


@shared_task
def write_export(export_id: int) -> None:
    snapshots.write(export_id)


@shared_task
def convert_export(conversion_id: int) -> None:
    snapshots.convert(conversion_id)


@shared_task
def run_import(record_id: int) -> None:
    later.run(record_id)


@shared_task
def resume_imports() -> None:
    """Every half minute, by beat: imports whose worker was lost."""
    later.resume()
