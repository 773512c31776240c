from celery import Task, shared_task
from django.utils import timezone

from reviewsite.models import Heartbeat

WORKER = "worker"


@shared_task(bind=True)
def heartbeat(self: Task) -> None:
    """A sign of life of beat, broker and worker together. Called as a function it proves nothing, so it says nothing."""
    if self.request.called_directly or self.request.is_eager:
        return
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"at": timezone.now()})
