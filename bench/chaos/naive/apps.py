from django.apps import AppConfig


class NaiveConfig(AppConfig):
    name = "bench.chaos.naive"

    def ready(self) -> None:
        from tasks.events import happened
        from webhooks import listener

        from .jobs import send_after_commit

        happened.disconnect(listener.record_events)
        happened.connect(send_after_commit)
