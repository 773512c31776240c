import os

from django.apps import AppConfig


class ChaosConfig(AppConfig):
    name = "bench.chaos"

    def ready(self) -> None:
        """Consumers that answer at once need no lease of half a minute: LEASE shortens what a kill costs the short run."""
        from webhooks import outbox

        if lease := int(os.environ.get("CHAOS_LEASE") or 0):
            outbox.LEASE_SECONDS = lease
