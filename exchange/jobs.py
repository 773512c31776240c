"""Celery jobs: thin, each a call."""

from celery import shared_task

from .exporting import snapshots
from .importing import long_imports


@shared_task
def write_export(export_id: int) -> None:
    snapshots.write(export_id)


@shared_task
def convert_export(conversion_id: int) -> None:
    snapshots.convert(conversion_id)


@shared_task
def run_import(record_id: int) -> None:
    long_imports.run(record_id)


@shared_task
def resume_imports() -> None:
    """Every half minute, by beat: imports whose worker was lost."""
    long_imports.resume()
