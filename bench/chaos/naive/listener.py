"""In the place of webhooks.listener."""

import uuid
from functools import partial
from typing import Any

from django.db import transaction

from tasks.events import Happened
from webhooks.catalogue import CATALOGUE
from webhooks.listener import new_events
from webhooks.models import Webhook

from .jobs import send


def send_what_happened(events: tuple[Happened, ...], **_: Any) -> None:
    for event in new_events(events):
        for hook in Webhook.objects.filter(project=event.project_id, is_active=True):
            by_default = hook.send_for_all_actions and not CATALOGUE[event.action].by_name
            if by_default or event.action in hook.actions:
                transaction.on_commit(
                    partial(send.delay, hook.url, str(uuid.uuid4()), event.body), robust=True
                )
