"""Standard Webhooks signatures.

The secret of an endpoint is derived, not stored: a stolen database cannot sign.

secret = HMAC-SHA256 of the endpoint's random salt under Django's SECRET_KEY (`salted_hmac`), 32 bytes.
Deliveries are also signed with the keys in SECRET_KEY_FALLBACKS, so consumers accept them before and after a
change of SECRET_KEY.
"""

import base64
from datetime import UTC, datetime

from django.conf import settings
from django.utils.crypto import salted_hmac
from standardwebhooks import Webhook as Signer

from .models import Event, Webhook

PURPOSE = "countersign.webhooks.secret"


def secret_of(webhook: Webhook) -> str:
    """`whsec_…`, as the consumer keeps it."""
    return _derived(webhook.secret_salt, settings.SECRET_KEY)


def _derived(salt: str, key: str) -> str:
    secret = salted_hmac(PURPOSE, salt, secret=key, algorithm="sha256").digest()
    return f"whsec_{base64.b64encode(secret).decode()}"


def secrets_of(webhook: Webhook, at: datetime) -> list[str]:
    """Every secret that the consumer may verify with: the current one, and those before the last rotations
    until they expire.
    """
    rotated = webhook.earlier_until is not None and at < webhook.earlier_until
    salts = [webhook.secret_salt, *(webhook.earlier_salt.split() if rotated else [])]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_derived(salt, key) for salt in salts for key in keys]


def signature_headers(webhook: Webhook, event: Event, body: str, at: datetime) -> dict[str, str]:
    """`at` is the database's time: a worker's clock may be wrong, and consumers reject timestamps five
    minutes off.
    """
    message = str(event.unique_id)
    signatures = [
        Signer(secret).sign(message, at.astimezone(UTC), body) for secret in secrets_of(webhook, at)
    ]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
