"""What arrived, with the state of its delivery at the sender: number of attempts, time of the next one."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db.models import Q

from devserver.models import Received
from webhooks.admin.display import STATE_LABELS, health_status
from webhooks.models import Delivery, Webhook
from webhooks.retries import ATTEMPTS

SHOWN = 50


@dataclass(frozen=True)
class Arrival:
    """A received request; `tone` is the colour of `state`."""

    received: Received
    state: str = ""
    tone: str = ""
    next_at: datetime | None = None

    @property
    def of_attempts(self) -> int:
        return ATTEMPTS

    @property
    def is_good(self) -> bool:
        return self.received.answered is not None and self.received.answered < 300

    @property
    def body(self) -> str:
        try:
            return json.dumps(json.loads(self.received.body), indent=2, ensure_ascii=False)
        except ValueError:
            return self.received.body


def arrivals(endpoints: list[Webhook]) -> list[Arrival]:
    """Newest first, with unsigned ones. Only the newest arrival of a delivery shows the delivery's state."""
    rows = (
        list(Received.objects.filter(Q(webhook__in=endpoints) | Q(webhook=None))[:SHOWN]) if endpoints else []
    )
    deliveries = _deliveries(rows)
    found = []
    for received in rows:
        delivery = deliveries.pop((received.webhook_id, received.message), None)
        found.append(_with_state(received, delivery) if delivery else Arrival(received))
    return found


def _deliveries(rows: list[Received]) -> dict[tuple[int | None, str], Delivery]:
    asked = {received.message for received in rows if received.attempt}
    found = Delivery.objects.filter(
        event__unique_id__in=asked, webhook__in={received.webhook_id for received in rows}
    )
    found = found.select_related("event").defer("event__body")
    return {(delivery.webhook_id, str(delivery.event.unique_id)): delivery for delivery in found}


def _with_state(received: Received, delivery: Delivery) -> Arrival:
    state, tone = STATE_LABELS[Delivery.State(delivery.state)]
    if delivery.state != Delivery.State.PENDING:
        return Arrival(received, state, tone)
    return (
        Arrival(received, "Being sent", tone)
        if delivery.lease
        else Arrival(received, state, tone, delivery.next_at)
    )


def states(endpoints: list[Webhook]) -> list[tuple[Webhook, str, str]]:
    """Each endpoint with its health in words and the colour for it."""
    return [(webhook, *health_status(webhook)) for webhook in endpoints]


def digest(found: list[Arrival], health: list[tuple[Webhook, str, str]]) -> str:
    """Changes when there is something new to show."""
    lines = [(a.received.pk, a.received.answered, a.state, a.next_at) for a in found]
    return sha256(repr((lines, [(webhook.pk, words) for webhook, words, _ in health])).encode()).hexdigest()[
        :16
    ]
