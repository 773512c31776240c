"""Celery jobs: thin, each a call."""

from celery import shared_task
from celery.signals import worker_process_shutdown

from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob
from users.sending import sends
from users.sentences import sentence as _

from . import health, notifier, outbox, replay, sender


@job_kind(replay.KIND, label=_("Replay"), if_stopped=_("Deliveries before this are sent again."))
def replay_deliveries(running: RunningJob) -> Done | Continue:
    return replay.run(running)


@shared_task
def sweep() -> None:
    """Every second, by beat: find what is due, whether or not a message asked for it.

    Two sweeps at once are harmless.
    """
    outbox.assign_positions()
    for webhook_id, is_slow in outbox.due_webhooks().items():
        notifier.enqueue_drain(webhook_id, is_slow)


@shared_task(soft_time_limit=20, time_limit=30)
@sends
def drain(webhook_id: int) -> None:
    if sender.drain(webhook_id):
        notifier.enqueue_drain(webhook_id, is_slow=False)


@shared_task
def run_maintenance() -> None:
    """Every minute: disable endpoints that have failed for days, and delete what is older than KEPT_DAYS."""
    health.disable_failing()
    health.release_held_of_active()
    outbox.prune()


@worker_process_shutdown.connect
def finish_sending(**_: object) -> None:
    sender.wait_for_background()
