from django.apps import AppConfig


class LabelstudioConfig(AppConfig):
    name = "labelstudio"

    def ready(self) -> None:
        from . import jobs  # noqa: F401  registers the kinds of jobs, in every process
