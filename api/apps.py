from django.apps import AppConfig
from rest_framework.fields import BooleanField, empty


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        # As in JSON, a key that a form does not have is left alone. REST framework would read it as false.
        BooleanField.default_empty_html = empty
        from .openapi import schema  # noqa: F401  (registers itself)
