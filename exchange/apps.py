from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "exchange"

    def ready(self) -> None:
        from . import jobs  # noqa: F401  registers the kinds of jobs, in every process
