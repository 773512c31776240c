"""Sends what is due for one endpoint. No transaction is open while the far side is spoken to.

A job waits PATIENCE_SECONDS for the answers. Those that take longer are waited for by a thread, so that however many endpoints
hang, the few processes that send are free for the others.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from functools import partial
from typing import Any, cast

from django.conf import settings
from django.db import connection

from . import notifier, outbox
from .models import Delivery, Webhook
from .outbox import Claim
from .signing import signature_headers
from .transport import TOTAL_SECONDS, Answer, post

log = logging.getLogger(__name__)
# No new batch after this.
BUDGET_SECONDS = 4
PATIENCE_SECONDS = 0.5
_late: set[threading.Thread] = set()
# Late answers of one process that are written down at a time, each over a connection to the database of its own. Many come at
# once when a host of many endpoints stops answering.
LATE_CONNECTIONS = 2
_connections = threading.BoundedSemaphore(LATE_CONNECTIONS)


class Batch:
    """Claimed deliveries on their way, each in a thread; recorded as they end."""

    def __init__(self, webhook: Webhook) -> None:
        self.webhook = webhook
        suspect = outbox.claim_suspect(webhook.pk)
        claims = suspect or outbox.claim(webhook.pk, webhook.parallel)
        self.is_full = bool(suspect) or len(claims) == webhook.parallel
        self.is_answered = False
        self.under_way = _sent(claims)

    def record(
        self, *, seconds: float | None = None, by: Callable[[Claim, Answer], None] = outbox.record
    ) -> bool:
        """Wait for the answers and record them; False if some were not there in time."""
        try:
            for future in as_completed(list(self.under_way), timeout=seconds):
                answer = future.result()
                by(self.under_way.pop(future), answer)
                self.is_answered |= answer.status is not None
        except TimeoutError:
            return False
        return True

    @property
    def promises_more(self) -> bool:
        """There was as much as it could take, and somebody there answers."""
        return self.is_full and self.is_answered


def drain(webhook_id: int) -> bool:
    """Send until nothing is due, the time is over, or an answer is long in coming. True if there may be more to do at once."""
    slot = outbox.take_slot(webhook_id)
    if slot is None:
        return False
    with ExitStack() as held:
        held.callback(outbox.free_slot, webhook_id, slot)
        webhook, end = Webhook.objects.get(pk=webhook_id), time.monotonic() + BUDGET_SECONDS
        while time.monotonic() < end:
            batch = Batch(webhook)
            if not batch.record(seconds=PATIENCE_SECONDS):
                _leave(batch, held.pop_all())
                return False
            if not batch.promises_more:
                return False
    return True


def _leave(batch: Batch, held: ExitStack) -> None:
    """To a thread, the endpoint's slot with it. If this process dies, the leases end as they always do."""
    thread = threading.Thread(target=_see_through, args=(batch, held), name="webhook-late", daemon=True)
    _late.add(thread)
    thread.start()


def _see_through(batch: Batch, held: ExitStack) -> None:
    try:
        try:
            batch.record(by=partial(_in_turn, outbox.record))
        finally:
            _in_turn(held.close)
        if batch.promises_more:
            notifier.ring({batch.webhook.pk: False})
    finally:
        _late.discard(threading.current_thread())


def _in_turn(write: Callable[..., None], *what: Any) -> None:
    """A turn at the database, and no connection kept after it."""
    with _connections:
        try:
            write(*what)
        finally:
            connection.close()


def wait_for_late() -> None:
    """Before this process ends: an answer that nobody records is sent for again."""
    end = time.monotonic() + TOTAL_SECONDS
    for thread in list(_late):
        thread.join(max(0, end - time.monotonic()))


def _sent(claims: list[Claim]) -> dict[Future[Answer], Claim]:
    threads = ThreadPoolExecutor(max_workers=max(1, len(claims)), thread_name_prefix="webhook-send")
    try:
        return {threads.submit(deliver, claim): claim for claim in claims}
    finally:
        threads.shutdown(wait=False)


def deliver(claim: Claim) -> Answer:
    """Never raises: one delivery that cannot even be made ready must not keep the others from being recorded."""
    try:
        body = body_of(claim.delivery)
        return post(claim.delivery.webhook.url, body.encode(), headers_of(claim, body))
    except Exception as error:
        log.exception("delivery %s could not be sent", claim.delivery.pk)
        return Answer(None, "sender", repr(error), 0.0)


def body_of(delivery: Delivery) -> str:
    """The same bytes on every attempt."""
    return delivery.event.body if delivery.with_payload else f'{{"action":"{delivery.event.action}"}}'


def headers_of(claim: Claim, body: str) -> dict[str, str]:
    """The endpoint's own headers cannot replace ours."""
    webhook, event = claim.delivery.webhook, claim.delivery.event
    own = cast(dict[str, str], webhook.headers)
    ours = {
        "Content-Type": "application/json",
        "User-Agent": f"Countersign/{settings.VERSION}",
        "Accept-Encoding": "identity",
    }
    return own | ours | signature_headers(webhook, event, body, claim.at)
