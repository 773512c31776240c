"""Forbidden addresses (F14). This needs no site: the sender's POST is made here, under an audit hook."""

from typing import Any

from django.conf import settings

from bench.chaos.options import Options


def addresses(options: Options) -> list[dict[str, Any]]:
    if not settings.configured:
        settings.configure(WEBHOOK_ALLOWED_NETWORKS=[])
    # The sender reads its settings when it is imported.
    from tests.webhooks.forbidden import f14

    return [{"kills": 0, "decisions": 0} | f14()]
