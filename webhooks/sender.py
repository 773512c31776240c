"""Sends what is due for one endpoint. No transaction is open while a request is under way.

A job waits WAIT_SECONDS for the answers of a batch and leaves those that take longer to a background thread,
so that however many endpoints hang, the few worker processes stay free for the others.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from functools import partial

from django.conf import settings
from django.db import connection

from tasks.transport import TOTAL_SECONDS, Answer, post

from . import notifier, outbox
from .fields import Unreadable
from .models import Delivery, Webhook
from .outbox import Claim
from .signing import signature_headers

log = logging.getLogger(__name__)
SEALED = (
    "The headers of this endpoint were encrypted with a SECRET_KEY that is gone, and nothing is sent without"
    " them. Name that key in SECRET_KEY_FALLBACKS, or enter the headers again."
)
# A job starts no new batch after this.
BUDGET_SECONDS = 4
WAIT_SECONDS = 0.5
_background: set[threading.Thread] = set()
# Late answers come all at once when the host of many endpoints stops answering. Each is recorded over a
# database connection of its own; a process opens no more than these at a time.
BACKGROUND_CONNECTIONS = 2
_connections = threading.BoundedSemaphore(BACKGROUND_CONNECTIONS)


class Batch:
    """Claimed deliveries under way, each in a thread; recorded as they end."""

    def __init__(self, webhook: Webhook) -> None:
        self.webhook = webhook
        abandoned = outbox.claim_abandoned(webhook.pk)
        claims = abandoned or outbox.claim(webhook.pk, webhook.parallel)
        self.is_full = bool(abandoned) or len(claims) == webhook.parallel
        self.is_answered = False
        self._under_way = _send(claims)

    def record(
        self,
        *,
        timeout: float | None = None,
        write: Callable[[Claim, Answer], None] = outbox.record_attempt,
    ) -> bool:
        """Wait for the answers and record them. False if some did not come in time."""
        try:
            for future in as_completed(list(self._under_way), timeout=timeout):
                answer = future.result()
                write(self._under_way.pop(future), answer)
                self.is_answered |= answer.status is not None
        except TimeoutError:
            return False
        return True

    @property
    def has_more(self) -> bool:
        """Probably: the batch was as large as allowed, and the consumer answers."""
        return self.is_full and self.is_answered


def drain(webhook_id: int) -> bool:
    """Send until nothing is due, the budget is spent, or an answer takes long.

    True if there may be more to send at once.
    """
    slot = outbox.acquire_slot(webhook_id)
    if slot is None:
        return False
    with ExitStack() as holding:
        holding.callback(outbox.release_slot, webhook_id, slot)
        webhook, end = Webhook.objects.get(pk=webhook_id), time.monotonic() + BUDGET_SECONDS
        while time.monotonic() < end:
            batch = Batch(webhook)
            if not batch.record(timeout=WAIT_SECONDS):
                _continue_in_background(batch, holding.pop_all())
                return False
            if not batch.has_more:
                return False
    return True


def _continue_in_background(batch: Batch, holding: ExitStack) -> None:
    """The thread keeps the endpoint's slot. If the process dies, slot and leases expire."""
    thread = threading.Thread(target=_finish, args=(batch, holding), name="webhook-late", daemon=True)
    _background.add(thread)
    thread.start()


def _finish(batch: Batch, holding: ExitStack) -> None:
    try:
        try:
            batch.record(write=partial(_with_own_connection, outbox.record_attempt))
        finally:
            _with_own_connection(holding.close)
        if batch.has_more:
            notifier.notify({batch.webhook.pk: False})
    finally:
        _background.discard(threading.current_thread())


def _with_own_connection(write: Callable[..., None], *arguments: object) -> None:
    """One of BACKGROUND_CONNECTIONS, closed afterwards."""
    with _connections:
        try:
            write(*arguments)
        finally:
            connection.close()


def wait_for_background() -> None:
    """Before this process ends: an answer that is not recorded means sending again."""
    end = time.monotonic() + TOTAL_SECONDS
    for thread in list(_background):
        thread.join(max(0, end - time.monotonic()))


def _send(claims: list[Claim]) -> dict[Future[Answer], Claim]:
    threads = ThreadPoolExecutor(max_workers=max(1, len(claims)), thread_name_prefix="webhook-send")
    try:
        return {threads.submit(deliver, claim): claim for claim in claims}
    finally:
        threads.shutdown(wait=False)


def deliver(claim: Claim) -> Answer:
    """Never raises: a delivery that cannot even be prepared must not keep the others from being recorded."""
    if isinstance(claim.delivery.webhook.headers, Unreadable):
        return Answer(None, "sealed_headers", SEALED, 0.0, is_sent=False)
    try:
        body = _body(claim.delivery)
        return post(claim.delivery.webhook.url, body.encode(), _headers(claim, body))
    except Exception as error:
        log.exception("delivery %s could not be sent", claim.delivery.pk)
        return Answer(None, "sender", repr(error), 0.0)


def _body(delivery: Delivery) -> str:
    """The same bytes on every attempt."""
    return delivery.event.body if delivery.with_payload else f'{{"action":"{delivery.event.action}"}}'


def _headers(claim: Claim, body: str) -> dict[str, str]:
    """The endpoint's own headers cannot replace ours."""
    webhook, event = claim.delivery.webhook, claim.delivery.event
    ours = {
        "Content-Type": "application/json",
        "User-Agent": f"Countersign/{settings.VERSION}",
        "Accept-Encoding": "identity",
    }
    return webhook.headers | ours | signature_headers(webhook, event, body, claim.at)
