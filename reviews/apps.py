from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from . import listeners, merging  # noqa: F401  (connect their receivers)
