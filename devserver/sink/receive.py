"""Takes a delivery as a consumer would: signature first. Then it answers what the switch says."""

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
from webhooks.models import Delivery, Webhook
from webhooks.signing import secret_of
from webhooks.transport import TOTAL_SECONDS

from .endpoint import pointing_here

KEPT = 200
KEPT_BYTES = 64 * 1024
SHOWN_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent")
NOBODY = "Its signature is by the secret of no endpoint that points here."
STATUS = {"take": 200, "fail": 500, "hang": 504, "slow": 200, "gone": 410}
# Longer than a sender waits.
SECONDS = {"hang": TOTAL_SECONDS + 1, "slow": 3}
BUSY = 503
# Of the threads of one process of the web server; the others go on serving.
_waiting_rooms = threading.BoundedSemaphore(2)


@dataclass(frozen=True)
class Checked:
    """Whose secret signed it, or why nobody's did."""

    webhook: Webhook | None
    refusal: str


def receive(request: HttpRequest) -> int:
    """Writes it down, waits if it must, and returns the status to answer with."""
    received = written_down(request, checked(request))
    if received.refusal:
        return answer(received, 401)
    behaviour = behaviour_now()
    if behaviour not in SECONDS:
        return answer(received, STATUS[behaviour])
    if not _waiting_rooms.acquire(blocking=False):
        return answer(received, BUSY)
    try:
        time.sleep(SECONDS[behaviour])
    finally:
        _waiting_rooms.release()
    return STATUS[behaviour] if behaviour == Sink.Behaviour.HANG else answer(received, STATUS[behaviour])


def behaviour_now() -> str:
    sink = Sink.objects.first()
    return sink.behaviour if sink else Sink.Behaviour.TAKE


def answer(received: Received, status: int) -> int:
    Received.objects.filter(pk=received.pk).update(answered=status)
    return status


def checked(request: HttpRequest) -> Checked:
    """With the secret of each endpoint that points here: an endpoint has one URL, a URL may have several endpoints."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    refusal = NOBODY
    for webhook in pointing_here():
        try:
            Verifier(secret_of(webhook)).verify(request.body, headers)
            return Checked(webhook, "")
        except (WebhookVerificationError, ValueError) as error:
            refusal = str(error) or refusal
    return Checked(None, refusal[:200])


def written_down(request: HttpRequest, found: Checked) -> Received:
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
    """Counted before it is made, so this one is in. None for an id that is none of ours."""
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
