"""In the place of webhooks.listener."""

from functools import partial
from typing import Any

from django.db import transaction

from tasks.events import Happened
from webhooks.bodies import Scene
from webhooks.listener import TOLD, _facts, hears
from webhooks.models import Webhook

from .jobs import send


def send_what_happened(events: tuple[Happened, ...], **_: Any) -> None:
    for event in events:
        if event.kind in TOLD:
            _send(event)


def _send(event: Happened) -> None:
    listening = list(Webhook.objects.listening_to(event.project))
    for fact in _facts(Scene(event)):
        for hook in listening:
            if hears(hook, fact.action):
                transaction.on_commit(
                    partial(send.delay, hook.url, str(fact.unique_id), fact.body), robust=True
                )
