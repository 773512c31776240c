from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"

    def ready(self) -> None:
        from . import jobs, listener  # noqa: F401  (register kinds of jobs, connects itself)
