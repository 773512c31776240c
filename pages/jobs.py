from celery import shared_task

from users.sending import sends

from . import digests


@shared_task
@sends
def send_digests(after: int = 0) -> None:
    """Sent hourly by beat. Runs in short steps, each of which queues the next one."""
    last_id = digests.send(after=after)
    if last_id is not None:
        send_digests.delay(after=last_id)
