"""Celery jobs: thin, each a call."""

from celery import shared_task

from . import outbox, sender, wakeups


@shared_task
def sweep() -> None:
    """Every second, by beat: what no wake-up told of. Two of them do no harm."""
    outbox.give_positions()
    for webhook_id in outbox.due_webhooks():
        wakeups.wake(webhook_id)


@shared_task(soft_time_limit=20, time_limit=30)
def drain(webhook_id: int) -> None:
    if sender.drain(webhook_id):
        wakeups.wake(webhook_id)
