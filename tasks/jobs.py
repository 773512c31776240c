"""Celery jobs: thin, each a call."""

from celery import shared_task

from . import totals


@shared_task
def fold_totals() -> None:
    totals.fold()
