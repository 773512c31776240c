from django.apps import AppConfig


class ReviewsiteConfig(AppConfig):
    name = "reviewsite"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from .signon import groups

        # A table that cannot be read stops the start, not the first sign-on.
        groups.table()
