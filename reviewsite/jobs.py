"""The signs of life that `/status` looks at."""

from celery import Task, shared_task

from reviewsite.models import Heartbeat


@shared_task(bind=True)
def heartbeat(self: Task, pool: str) -> None:
    """Shows that beat, broker and this pool work together. A direct call proves nothing."""
    if self.request.called_directly or self.request.is_eager:
        return
    Heartbeat.seen(pool)
