from django.apps import AppConfig


class NaiveConfig(AppConfig):
    name = "bench.chaos.naive"

    def ready(self) -> None:
        from tasks.events import domain_events
        from webhooks import listener

        from .jobs import send_after_commit

        domain_events.disconnect(listener.record_events)
        domain_events.connect(send_after_commit)
