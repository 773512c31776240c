"""Celery tasks."""

from celery import shared_task

from . import totals
from .services import reservations


@shared_task
def fold_totals() -> None:
    totals.fold()


@shared_task
def sweep_reservations() -> None:
    reservations.sweep()
