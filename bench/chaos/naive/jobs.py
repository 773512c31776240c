"""Late acknowledgement, retries and the outbox's own schedule: naive, but not careless."""

import uuid
from functools import partial
from typing import Any

from celery import Task, shared_task
from django.db import transaction

from tasks.events import DomainEvent
from tasks.transport import post
from webhooks import retries
from webhooks.catalogue import CATALOGUE
from webhooks.listener import new_events
from webhooks.models import Webhook


def send_after_commit(events: tuple[DomainEvent, ...], **_: Any) -> None:
    """Connected to `domain_events` instead of webhooks.listener."""
    for event in new_events(events):
        for hook in Webhook.objects.filter(project=event.project_id, is_active=True):
            by_default = hook.send_for_all_actions and not CATALOGUE[event.action].by_name
            if by_default or event.action in hook.actions:
                job = partial(send.delay, hook.url, str(uuid.uuid4()), event.body)
                transaction.on_commit(job, robust=True)


@shared_task(bind=True, max_retries=None)
def send(self: Task, url: str, message: str, body: str) -> None:
    answer = post(url, body.encode(), {"Content-Type": "application/json", "webhook-id": message})
    if answer.is_success:
        return
    wait = retries.wait_after(self.request.retries + 1, status=answer.status, error=answer.error)
    if wait is not None:
        raise self.retry(countdown=wait)
