from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "tasks"

    def ready(self) -> None:
        from .services import merging  # noqa: F401  (connects its receiver)
