"""Errors of forms in the language of who reads them, on pages that are otherwise English."""

from typing import Any

from django.forms.renderers import DjangoTemplates

from users.sentences import in_language_of_reader

ERRORS = "django/forms/errors/"


class FormRenderer(DjangoTemplates):
    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if not template_name.startswith(ERRORS):
            return super().render(template_name, context, request)
        with in_language_of_reader():
            return super().render(template_name, context, request)
