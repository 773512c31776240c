from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from . import jobs, listeners, merging  # noqa: F401  (connect their receivers, register kinds of jobs)
