"""Celery jobs: thin, each a call."""

from celery import shared_task

from .exporting import snapshots


@shared_task
def write_export(export_id: int) -> None:
    snapshots.write(export_id)


@shared_task
def convert_export(conversion_id: int) -> None:
    snapshots.convert(conversion_id)
