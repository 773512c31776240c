"""Receives a delivery as a consumer would: verifies its signature, then answers as the switch says."""

import contextlib
import json
import threading
import time
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from devserver.models import Received, Sink
from tasks.transport import TOTAL_SECONDS
from webhooks.models import Delivery, Webhook
from webhooks.signing import secret_of

from .endpoint import sink_endpoints

KEPT = 200
KEPT_BYTES = 64 * 1024
SHOWN_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent")
UNKNOWN_SIGNATURE = "The signature matches no endpoint that points here."
STATUS = {"take": 200, "fail": 500, "hang": 504, "slow": 200, "gone": 410}
# "hang" takes longer than the sender waits.
SECONDS = {"hang": TOTAL_SECONDS + 1, "slow": 3}
BUSY = 503
# How many threads of one web process may sleep here; the others keep serving pages.
_sleepers = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Verification:
    """The endpoint whose secret signed the request, or why none did."""

    webhook: Webhook | None
    refusal: str


def receive(request: HttpRequest) -> int:
    """Store the request, sleep if the behaviour says so, and return the HTTP status to answer with."""
    received = store(request, verify(request))
    if received.refusal:
        return answer(received, 401)
    behaviour = current_behaviour()
    if behaviour not in SECONDS:
        return answer(received, STATUS[behaviour])
    if not _sleepers.acquire(blocking=False):
        return answer(received, BUSY)
    try:
        time.sleep(SECONDS[behaviour])
    finally:
        _sleepers.release()
    return STATUS[behaviour] if behaviour == Sink.Behaviour.HANG else answer(received, STATUS[behaviour])


def current_behaviour() -> str:
    sink = Sink.objects.first()
    return sink.behaviour if sink else Sink.Behaviour.TAKE


def answer(received: Received, status: int) -> int:
    Received.objects.filter(pk=received.pk).update(answered=status)
    return status


def verify(request: HttpRequest) -> Verification:
    """Try the secret of every endpoint with this URL: each project may have one."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    refusal = UNKNOWN_SIGNATURE
    for webhook in sink_endpoints():
        try:
            Verifier(secret_of(webhook)).verify(request.body, headers)
            return Verification(webhook, "")
        except (WebhookVerificationError, ValueError) as error:
            refusal = str(error) or refusal
    return Verification(None, refusal[:200])


def store(request: HttpRequest, found: Verification) -> Received:
    message = request.headers.get("webhook-id", "")[:64]
    received = Received.objects.create(
        webhook=found.webhook,
        message=message,
        attempt=_attempt(found.webhook, message),
        action=_action(request.body),
        headers={name: request.headers[name] for name in SHOWN_HEADERS if name in request.headers},
        body=request.body[:KEPT_BYTES].decode("utf-8", "replace").replace("\x00", ""),
        refusal=found.refusal,
    )
    Received.objects.filter(pk__lte=received.pk - KEPT).delete()
    return received


def _attempt(webhook: Webhook | None, message: str) -> int | None:
    """The number of this attempt: the sender counts it before it sends. None for an unknown id."""
    if webhook is None:
        return None
    with contextlib.suppress(ValidationError):
        return (
            Delivery.objects.filter(webhook=webhook, event__unique_id=message)
            .values_list("attempts", flat=True)
            .first()
        )
    return None


def _action(body: bytes) -> str:
    try:
        return str(json.loads(body)["action"]).replace("\x00", "")[:64]
    except (ValueError, KeyError, TypeError):
        return "?"
