from celery import shared_task

from . import digests


@shared_task
def send_digests(after: int = 0) -> None:
    """Hourly, by beat; in steps of seconds, each of which calls for the next."""
    reached = digests.send(after=after)
    if reached is not None:
        send_digests.delay(after=reached)
