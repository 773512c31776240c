"""Celery jobs: thin, each a call."""

from celery import shared_task

from . import runner


@shared_task
def run_step(job_id: int) -> None:
    runner.run_step(job_id)


@shared_task
def prune() -> None:
    """Every hour, by beat."""
    runner.prune()


@shared_task
def sweep() -> None:
    """Every 30 seconds, by beat."""
    runner.sweep()
