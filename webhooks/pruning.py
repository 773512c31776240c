"""Events are kept for thirty days, with what became of telling them."""

from django.db import connection

KEPT_DAYS = 30
BATCH = 1000
BATCHES_AT_ONCE = 20

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


def prune() -> int:
    """A bounded share of what is too old, oldest first; the next call goes on. Returns how many events went."""
    removed = 0
    with connection.cursor() as cursor:
        for _ in range(BATCHES_AT_ONCE):
            cursor.execute(PRUNE, {"days": KEPT_DAYS, "batch": BATCH})
            removed += cursor.rowcount
            if cursor.rowcount < BATCH:
                break
    return removed
