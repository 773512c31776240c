import os

from django.apps import AppConfig


class ChaosConfig(AppConfig):
    name = "bench.chaos"

    def ready(self) -> None:
        """CHAOS_LEASE shortens the sender's lease: consumers that answer at once need no half minute."""
        from webhooks import outbox

        if lease := int(os.environ.get("CHAOS_LEASE") or 0):
            outbox.LEASE_SECONDS = lease
