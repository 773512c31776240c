from django.apps import AppConfig
from rest_framework.fields import BooleanField, empty


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        # What a form leaves out is left out, as in JSON: no browser sends us check boxes here.
        BooleanField.default_empty_html = empty
        from .views import schema  # noqa: F401  (registers itself)
