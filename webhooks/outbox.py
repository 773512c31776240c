"""The outbox in the database: positions, what is due, claims with a lease, and what came of an attempt.

Every time is the database's, so no worker's clock matters.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from tasks import locks

from . import health, retries
from .catalogue import BY_NAME
from .models import Attempt, Delivery, Event, Webhook
from .transport import GONE, Answer

POSITIONS_AT_ONCE = 5000
# Longer than a job may live, so that nobody else sends what is being sent.
LEASE_SECONDS = 30

# Events of one statement. A change with more of them takes several: each may be 20 KB.
EVENTS_AT_ONCE = 5000

# Actions and bodies are one text each, a line for each event: the elements of an array would be escaped one by one, 0.3 ms
# for a body. (JSON has no raw newline.)
# FOR KEY SHARE: an endpoint that is deleted meanwhile would fail the whole change by its foreign key. Until this
# transaction ends nobody deletes it; everything else of it may change.
# Endpoints that were disabled automatically are included: their deliveries are held.
ADD = """
    WITH event AS MATERIALIZED (
        SELECT nextval('webhooks_event_id_seq') AS id, r.* FROM unnest(
            %(projects)s::bigint[], string_to_array(%(actions)s, E'\\n'), string_to_array(%(bodies)s, E'\\n'),
            %(sequences)s::bigint[], %(lanes)s::smallint[]
        ) AS r(project_id, action, body, annotation_seq, lane)
    ), stored AS (
        INSERT INTO webhooks_event (id, unique_id, project_id, action, body, annotation_seq)
        SELECT id, gen_random_uuid(), project_id, action, body, annotation_seq FROM event
    ), endpoint AS MATERIALIZED (
        SELECT id, project_id, actions, send_for_all_actions, send_payload, is_active, is_slow
        FROM webhooks_webhook
        WHERE (project_id IS NULL OR project_id = ANY(%(projects)s::bigint[]))
            AND (is_active OR disabled_reason <> '')
        FOR KEY SHARE
    ), delivery AS (
        INSERT INTO webhooks_delivery (event_id, webhook_id, with_payload, state, lane, attempts)
        SELECT event.id, endpoint.id, send_payload, CASE WHEN is_active THEN 'pending' ELSE 'held' END, lane, 0
        FROM event JOIN endpoint ON (endpoint.project_id IS NULL OR endpoint.project_id = event.project_id)
            AND (action = ANY(actions) OR send_for_all_actions AND NOT action = ANY(%(by_name)s::text[]))
        ORDER BY event.id, endpoint.id
        RETURNING webhook_id
    )
    SELECT DISTINCT id, is_slow FROM endpoint JOIN delivery ON webhook_id = id WHERE is_active
"""
NUMBER = """
    UPDATE webhooks_event e SET position = numbered.position FROM (
        SELECT id, nextval('webhooks_event_position') AS position FROM (
            SELECT id FROM webhooks_event WHERE position IS NULL ORDER BY id LIMIT %s
        ) fresh
    ) numbered WHERE e.id = numbered.id
"""
TAKE_SLOT = """
    UPDATE webhooks_webhook SET slot = %(token)s, slot_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE id = %(webhook)s AND is_active AND (slot IS NULL OR slot_until < clock_timestamp())
      AND (rest_until IS NULL OR rest_until < clock_timestamp())
"""
GIVE_UP = """
    UPDATE webhooks_delivery SET state = 'dead', finished_at = clock_timestamp(), lease = NULL
    WHERE webhook_id = %s AND state = 'pending' AND next_at <= clock_timestamp() AND attempts >= %s
"""
# Nobody finished what was leased before: its sender died, and it may be the cause. Each time it has to wait longer.
# WITH: of `id IN (SELECT … LIMIT … SKIP LOCKED)` a plan may ask again for each row, and take more than the limit.
CLAIM = """
    WITH due AS (
        SELECT id FROM webhooks_delivery
        WHERE webhook_id = %(webhook)s AND state = 'pending' AND next_at <= clock_timestamp() AND (lease IS NULL) = %(fresh)s
        ORDER BY lane, next_at, id LIMIT %(count)s FOR UPDATE SKIP LOCKED
    )
    UPDATE webhooks_delivery d
    SET attempts = attempts + 1, lease = %(token)s,
        next_at = clock_timestamp() + make_interval(secs => %(lease)s + (%(waits)s::float8[])[attempts + 1])
    FROM due WHERE d.id = due.id RETURNING d.id, clock_timestamp()
"""
FINISH = """
    UPDATE webhooks_delivery SET state = %(state)s, lease = NULL,
        next_at = CASE WHEN %(state)s = 'pending' THEN clock_timestamp() + make_interval(secs => %(wait)s) ELSE next_at END,
        finished_at = CASE WHEN %(state)s = 'pending' THEN NULL ELSE clock_timestamp() END
    WHERE id = %(delivery)s AND lease = %(token)s
"""


class NewEvent(NamedTuple):
    project_id: int
    action: str
    body: str
    annotation_seq: int | None
    lane: int


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours to send until the lease ends. `at` is the database's time."""

    delivery: Delivery
    token: uuid.UUID
    at: datetime


def add(events: Sequence[NewEvent]) -> dict[int, bool]:
    """Store events, and a delivery for each endpoint that subscribes to them. Returns the endpoints that have something to
    be sent now → whether they are slow.
    """
    due: dict[int, bool] = {}
    for start in range(0, len(events), EVENTS_AT_ONCE):
        projects, actions, bodies, sequences, lanes = zip(
            *events[start : start + EVENTS_AT_ONCE], strict=True
        )
        parameters = {
            "projects": list(projects),
            "actions": "\n".join(actions),
            "bodies": "\n".join(bodies),
            "sequences": list(sequences),
            "lanes": list(lanes),
            "by_name": BY_NAME,
        }
        with connection.cursor() as cursor:
            cursor.execute(ADD, parameters)
            due |= cursor.fetchall()
    return due


def give_positions() -> int:
    """Number committed events, one sweep at a time. Readers of the feed see each number only after all lower ones."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not locks.try_hold(locks.Lock.EVENT_POSITIONS):
            return 0
        cursor.execute(NUMBER, [POSITIONS_AT_ONCE])
        return cursor.rowcount


def due_webhooks() -> dict[int, bool]:
    """Whom somebody should send to now → whether its last attempt timed out."""
    return dict(Webhook.objects.with_due_deliveries().values_list("pk", "is_slow"))


def take_slot(webhook_id: int) -> uuid.UUID | None:
    """The right to be the only job that sends to this endpoint, so that one that hangs holds one worker. None if it is taken."""
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(TAKE_SLOT, {"token": token, "webhook": webhook_id, "lease": LEASE_SECONDS})
        return token if cursor.rowcount else None


def free_slot(webhook_id: int, token: uuid.UUID) -> None:
    Webhook.objects.filter(pk=webhook_id, slot=token).update(slot=None, slot_until=None)


def claim(webhook_id: int, count: int) -> list[Claim]:
    """Take up to `count` due deliveries, the attempt counted before it is made: one that kills its worker dies, too."""
    return _claim(webhook_id, count=count, fresh=True)


def claim_suspect(webhook_id: int) -> list[Claim]:
    """At most one of those whose sender died with them. It goes alone: if it kills this one, too, no other comes to harm."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_UP, [webhook_id, retries.ATTEMPTS])
    return _claim(webhook_id, count=1, fresh=False)


def _claim(webhook_id: int, *, count: int, fresh: bool) -> list[Claim]:
    token = uuid.uuid4()
    asked: dict[str, Any] = {
        "token": token,
        "webhook": webhook_id,
        "lease": LEASE_SECONDS,
        "count": count,
        "fresh": fresh,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, asked | {"waits": retries.scaled_waits()})
        claimed = dict(cursor.fetchall())
    if not claimed:
        return []
    deliveries = (
        Delivery.objects.select_related("event", "webhook").filter(pk__in=claimed).order_by("event_id")
    )
    return [Claim(delivery, token, claimed[delivery.pk]) for delivery in deliveries]


def record(claim: Claim, answer: Answer) -> None:
    """Log the attempt and finish the delivery, if it is still ours: a late worker changes nothing but the log."""
    delivery = claim.delivery
    state, wait = _outcome(delivery, answer)
    with transaction.atomic():
        if not health.note(delivery.webhook, answer):
            return  # the endpoint was deleted meanwhile, and its log with it
        log_attempt(claim, answer)
        with connection.cursor() as cursor:
            cursor.execute(
                FINISH, {"state": state, "wait": wait, "delivery": delivery.pk, "token": claim.token}
            )


def log_attempt(claim: Claim, answer: Answer) -> Attempt:
    return Attempt.objects.create(
        delivery=claim.delivery,
        number=claim.delivery.attempts,
        status=answer.status,
        duration=round(answer.duration, 3),
        error=answer.error,
        answer=answer.text,
    )


def _outcome(delivery: Delivery, answer: Answer) -> tuple[str, float]:
    """The state after this attempt, and the seconds to wait in it."""
    if answer.is_success:
        return Delivery.State.DELIVERED, 0
    if answer.status == GONE:
        return Delivery.State.HELD, 0
    retry_after = retries.seconds_of(answer.retry_after)
    wait = retries.wait_after(
        delivery.attempts, status=answer.status, error=answer.error, retry_after=retry_after
    )
    return (Delivery.State.DEAD, 0) if wait is None else (Delivery.State.PENDING, wait)


def oldest_due_seconds() -> float:
    """How long the oldest due delivery of an active endpoint has waited: what an operator watches."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT extract(epoch FROM clock_timestamp() - min(d.next_at)) FROM webhooks_delivery d
               JOIN webhooks_webhook w ON w.id = d.webhook_id AND w.is_active
               WHERE d.state = 'pending' AND d.next_at <= clock_timestamp()"""
        )
        return float(cursor.fetchone()[0] or 0)


def without_position() -> int:
    return Event.objects.filter(position=None).count()
