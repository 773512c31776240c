from django.apps import AppConfig


class NaiveConfig(AppConfig):
    name = "bench.chaos.naive"

    def ready(self) -> None:
        from tasks.events import happened
        from webhooks import listener

        from . import listener as naive_listener

        happened.disconnect(listener.record_events)
        happened.connect(naive_listener.send_what_happened)
