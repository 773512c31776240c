"""Sending again, and sending a test: what a person asks for. The id and the bytes stay those of the event."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from tasks.errors import Refused
from tasks.events import Happened

from . import notifier, outbox, sender
from .bodies import Context, as_text
from .catalogue import body_of
from .models import Attempt, Delivery, Event, Webhook
from .outbox import Claim

PING = "PING"
BATCH = 5000
REPLAYED = (Delivery.State.DEAD, Delivery.State.HELD)


@dataclass(frozen=True)
class Range:
    """Which deliveries to send again: by state, by the time of their events, by action. Empty means no limit, but of states
    it means REPLAYED, and a test is sent again only where it is named."""

    states: tuple[str, ...] = REPLAYED
    since: datetime | None = None
    until: datetime | None = None
    actions: tuple[str, ...] = ()

    def of(self, webhook: Webhook) -> QuerySet[Delivery]:
        wanted = Q(webhook=webhook, state__in=self.states or REPLAYED)
        if self.since:
            wanted &= Q(event__created_at__gte=self.since)
        if self.until:
            wanted &= Q(event__created_at__lt=self.until)
        wanted &= Q(event__action__in=self.actions) if self.actions else ~Q(event__action=PING)
        return Delivery.objects.filter(wanted)


def resend(delivery: Delivery) -> Delivery:
    """One delivery once more, with all its attempts ahead. Raises Refused while its endpoint is off."""
    refuse_while_off(delivery.webhook)
    _make_due(Delivery.objects.filter(pk=delivery.pk))
    delivery.refresh_from_db()
    return delivery


def resend_all(deliveries: Sequence[Delivery], *, lane: Delivery.Lane) -> int:
    """Those of them whose endpoint is on and that nobody is sending now, once more. Returns how many."""
    ids = [delivery.pk for delivery in deliveries if delivery.webhook.is_active]
    due = _make_due(Delivery.objects.filter(pk__in=ids), lane=lane)
    slow = {
        delivery.webhook_id: delivery.webhook.is_slow for delivery in deliveries if delivery.webhook.is_active
    }
    transaction.on_commit(lambda: notifier.ring(slow), robust=True)
    return due


def replay(webhook: Webhook, wanted: Range) -> int:
    """Everything of that range once more, behind the news. Returns how many deliveries. Raises Refused while it is off."""
    refuse_while_off(webhook)
    ids = list(wanted.of(webhook).filter(lease=None).order_by("event_id").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        _make_due(Delivery.objects.filter(pk__in=ids[start : start + BATCH]), lane=Delivery.Lane.BULK)
    if ids:
        transaction.on_commit(lambda: notifier.ring({webhook.pk: webhook.is_slow}), robust=True)
    return len(ids)


def _make_due(rows: QuerySet[Delivery], **changes: Any) -> int:
    """Short of what is being sent at this moment."""
    return rows.filter(lease=None).update(
        state=Delivery.State.PENDING, attempts=0, next_at=Now(), finished_at=None, **changes
    )


def refuse_while_off(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise Refused(
            "webhook_off", "This endpoint is off. Enable it first: that sends what was held for it, too."
        )


def ping(webhook: Webhook, *, actor: Any) -> Attempt:
    """Send a test now, whether the endpoint is on or off, and wait for the answer. Logged as every delivery is; never retried."""
    claim = _claimed_ping(webhook, actor)
    answer = sender.deliver(claim)
    with transaction.atomic():
        attempt = outbox.log_attempt(claim, answer)
        state = Delivery.State.DELIVERED if answer.is_success else Delivery.State.DEAD
        Delivery.objects.filter(pk=claim.delivery.pk).update(state=state, lease=None, finished_at=Now())
    return attempt


def _claimed_ping(webhook: Webhook, actor: Any) -> Claim:
    token = uuid.uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        context = Context(Happened(PING, webhook.project, actor=actor))  # type: ignore[arg-type]
        event = Event.objects.create(
            project=webhook.project, action=PING, body=as_text(body_of(PING, context, webhook), context)
        )
        delivery = Delivery.objects.create(
            event=event, webhook=webhook, attempts=1, lease=token, state=Delivery.State.DEAD
        )
        cursor.execute("SELECT clock_timestamp()")
        return Claim(delivery, token, cursor.fetchone()[0])
