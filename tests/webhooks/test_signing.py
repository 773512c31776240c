"""Signatures and secrets."""

from datetime import timedelta

import pytest
from django.db import connection
from standardwebhooks.webhooks import WebhookVerificationError

from tests.factories import reviewed
from webhooks import outbox
from webhooks.models import Delivery
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import hook_of


@pytest.fixture
def delivery(house, hook) -> Delivery:
    """An accept that waits to be sent."""
    reviewed(house.annotation, house.reviewer)
    return hook.deliveries.get()


def test_secret_is_not_in_the_database(hook):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(w)::text FROM webhooks_webhook w")
        (row,) = cursor.fetchone()

    assert secret_of(hook).removeprefix("whsec_") not in row


def test_every_attempt_has_the_same_id_and_bytes_and_its_own_signature(
    hook, delivery, receiver, due_now, monkeypatch
):
    receiver.statuses.extend([500, 500])
    claim, shift = outbox.claim, iter(range(0, 300, 100))

    def claim_later(*args):
        later = timedelta(seconds=next(shift))
        return [outbox.Claim(c.delivery, c.token, c.at + later) for c in claim(*args)]

    monkeypatch.setattr(outbox, "claim", claim_later)
    for _ in range(3):
        drain(hook.pk)
        due_now()

    assert len(receiver.got) == 3
    assert len({request.raw for request in receiver.got}) == 1
    assert {request.headers["webhook-id"] for request in receiver.got} == {str(delivery.event.unique_id)}
    assert len({request.headers["webhook-signature"] for request in receiver.got}) == 3
    assert all(request.verified_by(secret_of(hook)) for request in receiver.got)


def test_signature_with_another_secret_is_refused(hook, house, delivery, receiver):
    drain(hook.pk)

    with pytest.raises(WebhookVerificationError):
        receiver.got[0].verified_by(secret_of(hook_of(house, receiver.url)))


def test_older_secret_key_still_signs(hook, delivery, receiver, settings):
    kept_by_consumer = secret_of(hook)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    drain(hook.pk)

    assert receiver.got[0].verified_by(kept_by_consumer)
    assert receiver.got[0].verified_by(secret_of(hook))
