"""Sends what is due for one endpoint. No transaction is open while the far side is spoken to."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import cast

from django.conf import settings

from . import outbox
from .models import Delivery, Webhook
from .outbox import Claim
from .signing import signature_headers
from .transport import Answer, post

log = logging.getLogger(__name__)
# No new batch after this: a POST may take 15 s, and the job ends after 20.
BUDGET_SECONDS = 4


def drain(webhook_id: int) -> bool:
    """Send until nothing is due, the time is over, or nobody there answers. True if there may be more to do at once."""
    slot = outbox.take_slot(webhook_id)
    if slot is None:
        return False
    try:
        return _send_batches(Webhook.objects.get(pk=webhook_id))
    finally:
        outbox.free_slot(webhook_id, slot)


def _send_batches(webhook: Webhook) -> bool:
    end = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < end:
        suspect = outbox.claim_suspect(webhook.pk)
        claims = suspect or outbox.claim(webhook.pk, webhook.parallel)
        answers = _send(claims)
        if not any(answer.status for answer in answers) or (not suspect and len(claims) < webhook.parallel):
            return False
    return True


def _send(claims: list[Claim]) -> list[Answer]:
    """All at once; each is recorded as it ends."""
    if not claims:
        return []
    answers = []
    with ThreadPoolExecutor(max_workers=len(claims)) as threads:
        sent = {threads.submit(deliver, claim): claim for claim in claims}
        for future in as_completed(sent):
            answers.append(future.result())
            outbox.record(sent[future], answers[-1])
    return answers


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
    ours = {"Content-Type": "application/json", "User-Agent": f"Countersign/{settings.VERSION}", "Accept-Encoding": "identity"}
    return own | ours | signature_headers(webhook, event, body, claim.at)
