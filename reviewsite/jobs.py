"""The heartbeat that `/readyz` looks at."""

from celery import Task, shared_task
from django.utils import timezone

from reviewsite.models import Heartbeat

WORKER = "worker"


@shared_task(bind=True)
def heartbeat(self: Task) -> None:
    """Shows that beat, broker and worker work together. A direct call proves nothing and is not recorded."""
    if self.request.called_directly or self.request.is_eager:
        return
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"at": timezone.now()})
