"""The outbox in the database: storing events, their positions, claiming deliveries, and recording attempts.

Every time is the database's, so no worker's clock matters.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection, transaction

from tasks import locks
from tasks.sql import run
from tasks.transport import GONE, Answer, parse_retry_after

from . import health, retries
from .catalogue import BY_NAME
from .endpoints import MASK
from .models import Attempt, Delivery, Webhook

# Rows of one statement. A change with more events takes several statements: each event may be 20 KB.
EVENTS_AT_ONCE, POSITIONS_AT_ONCE, PRUNED_AT_ONCE = 3000, 5000, 1000
# Longer than a job may live, so that nobody else sends what is being sent.
LEASE_SECONDS = 30
KEPT_DAYS = 30
SECRET_LENGTH = 6  # shorter words of an answer are not masked
PRUNING_BATCHES = 20

# Actions, bodies and lists of ids are one text each, a line for each event (JSON text has no raw newline):
# the elements of an array would be escaped one by one, which takes 0.3 ms per body.
#
# FOR KEY SHARE: until this transaction ends nobody can delete the endpoint, which would fail the whole change
# by the foreign key of its deliveries. Everything else of the endpoint may change.
#
# Endpoints that were disabled automatically are included: their deliveries are held.
ADD = """
    WITH event AS MATERIALIZED (
        SELECT nextval('webhooks_event_id_seq') AS id, r.* FROM unnest(
            %(projects)s::bigint[], string_to_array(%(actions)s, E'\\n'), string_to_array(%(bodies)s, E'\\n'),
            %(sequences)s::bigint[], %(lanes)s::smallint[], string_to_array(%(tasks)s, E'\\n'),
            string_to_array(%(annotations)s, E'\\n')
        ) AS r(project_id, action, body, annotation_seq, lane, tasks, annotations)
    ), stored AS (
        INSERT INTO webhooks_event (
            id, unique_id, project_id, action, body, annotation_seq, tasks, annotations
        )
        SELECT id, gen_random_uuid(), project_id, action, body, annotation_seq,
            string_to_array(tasks, ',')::bigint[], string_to_array(annotations, ',')::bigint[] FROM event
    ), endpoint AS MATERIALIZED (
        SELECT id, project_id, actions, send_for_all_actions, send_payload, is_active, is_slow
        FROM webhooks_webhook
        WHERE (project_id IS NULL OR project_id = ANY(%(projects)s::bigint[]))
            AND (is_active OR disabled_reason <> '')
        FOR KEY SHARE
    ), delivery AS (
        INSERT INTO webhooks_delivery (event_id, webhook_id, with_payload, state, lane, attempts)
        SELECT event.id, endpoint.id, send_payload,
            CASE WHEN is_active THEN 'pending' ELSE 'held' END, lane, 0
        FROM event JOIN endpoint ON (endpoint.project_id IS NULL OR endpoint.project_id = event.project_id)
            AND (action = ANY(actions) OR send_for_all_actions AND NOT action = ANY(%(by_name)s::text[]))
        ORDER BY event.id, endpoint.id
        RETURNING webhook_id
    )
    SELECT DISTINCT id, is_slow FROM endpoint JOIN delivery ON webhook_id = id WHERE is_active
"""
ASSIGN_POSITIONS = """
    UPDATE webhooks_event e SET position = numbered.position FROM (
        SELECT id, nextval('webhooks_event_position') AS position FROM (
            SELECT id FROM webhooks_event WHERE position IS NULL ORDER BY id LIMIT %s
        ) fresh
    ) numbered WHERE e.id = numbered.id
"""
ACQUIRE_SLOT = """
    UPDATE webhooks_webhook
    SET slot = %(token)s, slot_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE id = %(webhook)s AND is_active AND (slot IS NULL OR slot_until < clock_timestamp())
        AND (rest_until IS NULL OR rest_until < clock_timestamp())
"""
GIVE_UP = """
    UPDATE webhooks_delivery SET state = 'dead', finished_at = clock_timestamp(), lease = NULL
    WHERE webhook_id = %s AND state = 'pending' AND next_at <= clock_timestamp() AND attempts >= %s
"""
# If nobody records the attempt, the sender died, perhaps because of this delivery. So each time the next
# attempt is further away: by the lease, and by the wait of the retry schedule.
#
# WITH, because a plan of `id IN (SELECT … LIMIT … SKIP LOCKED)` may run the subquery for each row, and take
# more than the limit.
CLAIM = """
    WITH due AS (
        SELECT id FROM webhooks_delivery
        WHERE webhook_id = %(webhook)s AND state = 'pending' AND next_at <= clock_timestamp()
            AND (lease IS NULL) = %(fresh)s
        ORDER BY lane, next_at, id LIMIT %(count)s FOR UPDATE SKIP LOCKED
    )
    UPDATE webhooks_delivery d
    SET attempts = attempts + 1, lease = %(token)s,
        next_at = clock_timestamp()
            + make_interval(secs => %(lease)s + (%(waits)s::float8[])[attempts + 1])
    FROM due WHERE d.id = due.id RETURNING d.id, clock_timestamp()
"""
FINISH = """
    UPDATE webhooks_delivery SET state = %(state)s::text, lease = NULL,
        next_at = CASE WHEN %(state)s::text = 'pending'
            THEN clock_timestamp() + make_interval(secs => %(wait)s::float8) ELSE next_at END,
        finished_at = CASE WHEN %(state)s::text = 'pending' THEN NULL ELSE clock_timestamp() END
    WHERE id = %(delivery)s AND lease = %(token)s
"""
OLDEST_DUE = """
    SELECT extract(epoch FROM clock_timestamp() - min(d.next_at)) FROM webhooks_delivery d
    JOIN webhooks_webhook w ON w.id = d.webhook_id AND w.is_active
    WHERE d.state = 'pending' AND d.next_at <= clock_timestamp()
"""
PRUNE = """
    WITH old AS (
        SELECT id FROM webhooks_event WHERE created_at < clock_timestamp() - make_interval(days => %(days)s)
        ORDER BY created_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ), deliveries AS (
        SELECT d.id FROM webhooks_delivery d JOIN old ON old.id = d.event_id
    ), log AS (
        DELETE FROM webhooks_attempt a USING deliveries WHERE a.delivery_id = deliveries.id
    ), gone AS (
        DELETE FROM webhooks_delivery d USING deliveries WHERE d.id = deliveries.id
    )
    DELETE FROM webhooks_event e USING old WHERE e.id = old.id
"""


class NewEvent(NamedTuple):
    project_id: int
    action: str
    body: str
    annotation_seq: int | None
    lane: int
    tasks: Sequence[int] = ()
    annotations: Sequence[int] = ()


@dataclass(frozen=True)
class Claim:
    """A delivery that this worker alone may send until its lease ends. `at` is the database's time."""

    delivery: Delivery
    token: uuid.UUID
    at: datetime


def add(events: Sequence[NewEvent]) -> dict[int, bool]:
    """Store events, and a delivery for each endpoint that subscribes to them.

    Returns the endpoints to send to now: id → whether it is slow.
    """
    due: dict[int, bool] = {}
    for start in range(0, len(events), EVENTS_AT_ONCE):
        projects, actions, bodies, sequences, lanes, tasks, annotations = zip(
            *events[start : start + EVENTS_AT_ONCE], strict=True
        )
        parameters = {
            "projects": list(projects),
            "actions": "\n".join(actions),
            "bodies": "\n".join(bodies),
            "sequences": list(sequences),
            "lanes": list(lanes),
            "tasks": _lines(tasks),
            "annotations": _lines(annotations),
            "by_name": BY_NAME,
        }
        due |= run(ADD, parameters)
    return due


def _lines(ids: Sequence[Sequence[int]]) -> str:
    return "\n".join(",".join(map(str, some)) for some in ids)


def assign_positions() -> int:
    """Number committed events, one process at a time: the feed shows a number only after all lower ones.

    Ids would not do: an event with a lower id can commit later.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        if not locks.try_hold(locks.Lock.EVENT_POSITIONS):
            return 0
        cursor.execute(ASSIGN_POSITIONS, [POSITIONS_AT_ONCE])
        return cursor.rowcount


def due_webhooks() -> dict[int, bool]:
    """The endpoints to send to now: id → whether it is slow."""
    return dict(Webhook.objects.with_due_deliveries().values_list("pk", "is_slow"))


def acquire_slot(webhook_id: int) -> uuid.UUID | None:
    """The right to be the only job that sends to this endpoint: one that hangs then occupies one worker.

    None if taken.
    """
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(ACQUIRE_SLOT, {"token": token, "webhook": webhook_id, "lease": LEASE_SECONDS})
        return token if cursor.rowcount else None


def release_slot(webhook_id: int, token: uuid.UUID) -> None:
    Webhook.objects.filter(pk=webhook_id, slot=token).update(slot=None, slot_until=None)


def claim(webhook_id: int, count: int) -> list[Claim]:
    """Claim up to `count` due deliveries.

    The attempt is counted before it is made, so that a delivery that kills every worker runs out of attempts.
    """
    return _claim(webhook_id, count=count, fresh=True)


def claim_abandoned(webhook_id: int) -> list[Claim]:
    """At most one of those whose sender died.

    It is sent alone: if it kills this worker too, no other delivery is affected.
    """
    with connection.cursor() as cursor:
        cursor.execute(GIVE_UP, [webhook_id, retries.ATTEMPTS])
    return _claim(webhook_id, count=1, fresh=False)


def _claim(webhook_id: int, *, count: int, fresh: bool) -> list[Claim]:
    token = uuid.uuid4()
    parameters = {
        "token": token,
        "webhook": webhook_id,
        "lease": LEASE_SECONDS,
        "waits": retries.scaled_waits(),
        "count": count,
        "fresh": fresh,
    }
    claimed = dict(run(CLAIM, parameters))
    if not claimed:
        return []
    rows = Delivery.objects.select_related("event", "webhook").filter(pk__in=claimed).order_by("event_id")
    return [Claim(delivery, token, claimed[delivery.pk]) for delivery in rows]


def record_attempt(claim: Claim, answer: Answer) -> None:
    """Log the attempt, and finish the delivery if the claim still holds: a late worker only logs."""
    state, wait = _outcome(claim.delivery, answer)
    finished = {"state": state, "wait": wait, "delivery": claim.delivery.pk, "token": claim.token}
    with transaction.atomic():
        if not health.record_answer(claim.delivery.webhook, answer):
            return  # the endpoint was deleted meanwhile, and its log with it
        log_attempt(claim, answer)
        run(FINISH, finished)


def log_attempt(claim: Claim, answer: Answer) -> Attempt:
    return Attempt.objects.create(
        delivery=claim.delivery,
        number=claim.delivery.attempts,
        status=answer.status,
        duration=round(answer.duration, 3),
        error=answer.error,
        answer=_without_secrets(answer.text, claim.delivery.webhook.headers),
    )


def _without_secrets(text: str, headers: dict[str, str]) -> str:
    """Some consumers answer with the request. What the endpoint's headers hold is shown to nobody."""
    for value in map(str, headers.values()):
        for secret in (value, value.split(" ")[-1]):  # of `Bearer abc` also `abc` alone
            if len(secret) >= SECRET_LENGTH:
                text = text.replace(secret, MASK)
    return text


def _outcome(delivery: Delivery, answer: Answer) -> tuple[str, float]:
    """The state after this attempt, and the seconds until the next one."""
    if answer.is_success:
        return Delivery.State.DELIVERED, 0
    if answer.status == GONE:
        return Delivery.State.HELD, 0
    retry_after = parse_retry_after(answer.retry_after)
    wait = retries.wait_after(
        delivery.attempts, status=answer.status, error=answer.error, retry_after=retry_after
    )
    return (Delivery.State.DEAD, 0) if wait is None else (Delivery.State.PENDING, wait)


def oldest_due_seconds() -> float:
    """How long the oldest due delivery of an active endpoint has waited. Shown by /status."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_DUE)
        return float(cursor.fetchone()[0] or 0)


def prune() -> int:
    """Delete some of what is older than KEPT_DAYS, oldest first; the next call continues.

    Returns how many events.
    """
    removed = 0
    with connection.cursor() as cursor:
        for _ in range(PRUNING_BATCHES):
            cursor.execute(PRUNE, {"days": KEPT_DAYS, "batch": PRUNED_AT_ONCE})
            removed += cursor.rowcount
            if cursor.rowcount < PRUNED_AT_ONCE:
                break
    return removed
