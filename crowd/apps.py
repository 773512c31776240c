from django.apps import AppConfig


class CrowdConfig(AppConfig):
    name = "crowd"
    verbose_name = "crowd campaigns"

    def ready(self) -> None:
        from reviews.drift import MORE, Counters

        from . import drift

        MORE.append(Counters(drift.find, drift.repair))
