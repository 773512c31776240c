from django.apps import AppConfig


class ReviewsiteConfig(AppConfig):
    name = "reviewsite"
    default_auto_field = "django.db.models.BigAutoField"
