"""Standard Webhooks signatures. The secret of an endpoint is derived, not stored: a copy of the database signs nothing.

secret = HMAC-SHA256 of the endpoint's random salt under Django's SECRET_KEY (`salted_hmac`), 32 bytes. While
SECRET_KEY_FALLBACKS names older keys, every delivery is signed with those, too, so a consumer accepts it before and after.
"""

import base64
from datetime import UTC, datetime

from django.conf import settings
from django.utils.crypto import salted_hmac
from standardwebhooks import Webhook as Signer

from .models import Event, Webhook

PURPOSE = "countersign.webhooks.secret"


def secret_of(webhook: Webhook, key: str | None = None) -> str:
    """`whsec_…`, as the consumer keeps it."""
    derived = salted_hmac(PURPOSE, webhook.secret_salt, secret=key or settings.SECRET_KEY, algorithm="sha256").digest()
    return f"whsec_{base64.b64encode(derived).decode()}"


def signature_headers(webhook: Webhook, event: Event, body: str, at: datetime) -> dict[str, str]:
    """`at` is the database's time: a worker's clock may be wrong, and consumers refuse what is five minutes off."""
    message = str(event.unique_id)
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    signatures = [Signer(secret_of(webhook, key)).sign(message, at.astimezone(UTC), body) for key in keys]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
