from django.apps import AppConfig
from rest_framework.fields import BooleanField, empty


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        # A key missing from a form is missing, as in JSON. REST framework would read it as an unchecked box: false.
        BooleanField.default_empty_html = empty
        from .views import schema  # noqa: F401  (registers itself)
