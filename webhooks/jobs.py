"""Celery jobs: thin, each a call."""

from celery import shared_task
from celery.signals import worker_process_shutdown

from . import health, notifier, outbox, pruning, sender


@shared_task
def sweep() -> None:
    """Every second, by beat: what no wake-up told of. Two of them do no harm."""
    outbox.give_positions()
    for webhook_id, is_slow in outbox.due_webhooks().items():
        notifier.wake(webhook_id, is_slow)


@shared_task(soft_time_limit=20, time_limit=30)
def drain(webhook_id: int) -> None:
    if sender.drain(webhook_id):
        notifier.wake(webhook_id, is_slow=False)


@shared_task
def tend() -> None:
    """Every minute: switch off what has failed for days, and forget what is older than is promised."""
    health.give_up_on_failing()
    health.release_stragglers()
    pruning.prune()


@worker_process_shutdown.connect
def end_in_order(**_: object) -> None:
    sender.wait_for_late()
