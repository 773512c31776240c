"""Instructions are HTML that people write for others: what could run in a reader's browser is taken out."""

from typing import Any

import nh3
from django.db import models

TAGS = nh3.ALLOWED_TAGS | {"iframe", "embed"}  # videos, as Label Studio allows them
ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    "*": {"class", "title", "lang", "dir"},
    "a": {"href", "hreflang", "target"},
    "iframe": {"src", "width", "height", "allowfullscreen"},
    "embed": {"src", "type", "width", "height"},
}
SCHEMES = {"http", "https", "mailto"}


def safe_html(text: str) -> str:
    """The same text without scripts, event handlers, and addresses that run as scripts."""
    # Text without tags stays as it is: cleaning would turn "R&D" into "R&amp;D".
    if "<" not in text:
        return text
    # Inner frames get no `srcdoc`, and a link keeps the `rel` it had: none.
    return nh3.clean(text, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None)


class SafeHTMLField(models.TextField):
    """Cleaned whenever it is written, by whatever door."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        cleaned = self.get_prep_value(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, cleaned)
        return cleaned

    def get_prep_value(self, value: Any) -> Any:
        found = super().get_prep_value(value)
        return safe_html(found) if isinstance(found, str) else found
