"""Sending again, and sending a test. The id and the bytes stay those of the event."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from jobs import runner
from jobs.registry import Continue, Done
from jobs.running import RunningJob
from tasks.errors import Refused
from tasks.events import DomainEvent
from users.models import User
from users.sending import require_sending
from users.sentences import sentence as _

from . import notifier, outbox, sender
from .bodies import Context, as_text
from .catalogue import body_of
from .models import Attempt, Delivery, Event, Webhook
from .outbox import Claim

PING = "PING"
KIND = "replay"  # a kind of job; its subject is the endpoint
BATCH = 5000  # deliveries
# In each web process: a test waits up to 15 s for its endpoint, and so does the thread that serves it.
PINGS = 1
PING_AGAIN_SECONDS = 5
_pings = BoundedSemaphore(PINGS)
REPLAYABLE = (Delivery.State.DEAD, Delivery.State.HELD)


@dataclass(frozen=True)
class Range:
    """Which deliveries to send again: by state, by the time of their events, by action.

    Empty means any, but for states it means REPLAYABLE, and tests are sent again only where PING is named.
    """

    states: tuple[str, ...] = REPLAYABLE
    since: datetime | None = None
    until: datetime | None = None
    actions: tuple[str, ...] = ()

    def deliveries(self, webhook: Webhook) -> QuerySet[Delivery]:
        wanted = Q(webhook=webhook, state__in=self.states or REPLAYABLE)
        if self.since:
            wanted &= Q(event__created_at__gte=self.since)
        if self.until:
            wanted &= Q(event__created_at__lt=self.until)
        wanted &= Q(event__action__in=self.actions) if self.actions else ~Q(event__action=PING)
        return Delivery.objects.filter(wanted)

    def as_json(self) -> dict[str, Any]:
        times = {name: time.isoformat() for name in ("since", "until") if (time := getattr(self, name))}
        return {"states": [*self.states], "actions": [*self.actions]} | times

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Range":
        times = {name: datetime.fromisoformat(kept[name]) for name in ("since", "until") if name in kept}
        return cls(states=tuple(kept["states"]), actions=tuple(kept["actions"]), **times)


def resend(delivery: Delivery) -> Delivery:
    """One delivery once more, with all its attempts ahead. Raises Refused while its endpoint is disabled."""
    require_active(delivery.webhook)
    _make_due(Delivery.objects.filter(pk=delivery.pk))
    delivery.refresh_from_db()
    return delivery


def resend_all(deliveries: Sequence[Delivery], *, lane: Delivery.Lane) -> int:
    """Those whose endpoint is active and that are not being sent now, once more. Returns how many."""
    active = [delivery for delivery in deliveries if delivery.webhook.is_active]
    count = _make_due(Delivery.objects.filter(pk__in=[delivery.pk for delivery in active]), lane=lane)
    _notify_on_commit({delivery.webhook for delivery in active})
    return count


def replay(webhook: Webhook, wanted: Range, *, actor: User) -> int:
    """Send that range again, after everything live: at once if it is short, else by a job.

    Returns how many deliveries that is. Raises Refused while the endpoint is disabled.
    """
    require_active(webhook)
    count = _of_range(webhook, wanted).count()
    if count <= BATCH:
        _replay_after(0, webhook, wanted)
    else:
        job = runner.create(
            KIND,
            created_by=actor,
            project_id=webhook.project_id,
            subject_id=webhook.pk,
            parameters=wanted.as_json(),
        )
        runner.enqueue(job)
    return count


def run(running: RunningJob) -> Done | Continue:
    """A step: the deliveries of one batch of events."""
    webhook = Webhook.objects.filter(pk=running.job.subject, is_active=True).first()
    if webhook is None:
        raise Refused("webhook_off", _("The endpoint was disabled or deleted. The rest is not sent again."))
    wanted = Range.from_json(running.job.parameters)
    last, count = _replay_after(running.job.cursor or 0, webhook, wanted)
    done = running.done + count
    running.report_progress(done, sentence=f"{done:,} deliveries are due again")
    return Continue(last) if last else Done({"replayed": done})


def _of_range(webhook: Webhook, wanted: Range) -> QuerySet[Delivery]:
    return wanted.deliveries(webhook).filter(lease=None).order_by("event_id")


def _replay_after(event: int, webhook: Webhook, wanted: Range) -> tuple[int | None, int]:
    """The next batch. Returns its last event, None if it was the last batch, and how many there were."""
    found = _of_range(webhook, wanted).filter(event_id__gt=event)
    batch = list(found.values_list("pk", "event_id")[:BATCH])
    if batch:
        count = _make_due(Delivery.objects.filter(pk__in=[pk for pk, _ in batch]), lane=Delivery.Lane.BULK)
        _notify_on_commit({webhook})
        return (batch[-1][1] if len(batch) == BATCH else None), count
    return None, 0


def _make_due(rows: QuerySet[Delivery], **changes: Any) -> int:
    """All but those that are being sent now."""
    return rows.filter(lease=None).update(
        state=Delivery.State.PENDING, attempts=0, next_at=Now(), finished_at=None, **changes
    )


def _notify_on_commit(webhooks: set[Webhook]) -> None:
    due = {webhook.pk: webhook.is_slow for webhook in webhooks}
    transaction.on_commit(lambda: notifier.notify(due), robust=True)


def require_active(webhook: Webhook) -> None:
    if not webhook.is_active:
        raise Refused(
            "webhook_off",
            _("This endpoint is disabled. Enable it first: that also sends what was held for it."),
        )


def ping(webhook: Webhook, *, actor: User) -> Attempt:
    """Send a test now, to a disabled endpoint too, and wait for the answer.

    It is logged like any delivery, never retried. Raises Refused while another one waits.
    """
    require_sending()
    if not _pings.acquire(blocking=False):
        raise Refused(
            "ping_busy",
            _("Another endpoint is being tested and has not answered yet. Try again in a few seconds."),
            status=429,
            extra={"retry_after": PING_AGAIN_SECONDS},
        )
    try:
        return _ping(webhook, actor)
    finally:
        _pings.release()


def _ping(webhook: Webhook, actor: User) -> Attempt:
    claim = _claimed_ping(webhook, actor)
    answer = sender.deliver(claim)
    with transaction.atomic():
        attempt = outbox.log_attempt(claim, answer)
        state = Delivery.State.DELIVERED if answer.is_success else Delivery.State.DEAD
        Delivery.objects.filter(pk=claim.delivery.pk).update(state=state, lease=None, finished_at=Now())
    return attempt


def _claimed_ping(webhook: Webhook, actor: User) -> Claim:
    token = uuid.uuid4()
    # The project of a site-wide endpoint is None, which only this event has.
    context = Context(DomainEvent(PING, webhook.project, actor=actor))  # type: ignore[arg-type]
    body = as_text(body_of(PING, context, webhook), context)
    with transaction.atomic(), connection.cursor() as cursor:
        event = Event.objects.create(project=webhook.project, action=PING, body=body)
        delivery = Delivery.objects.create(
            event=event, webhook=webhook, attempts=1, lease=token, state=Delivery.State.DEAD
        )
        cursor.execute("SELECT clock_timestamp()")
        return Claim(delivery, token, cursor.fetchone()[0])
