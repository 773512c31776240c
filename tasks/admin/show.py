"""How related rows, people and JSON are displayed."""

import json
from collections.abc import Callable
from functools import reduce
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

SHOWN_CHARACTERS = 20_000


class NewestFormSet(BaseInlineFormSet):
    """The newest rows only: with years of changes the page would take too long."""

    NEWEST = 20

    def get_queryset(self) -> QuerySet:
        if not hasattr(self, "_newest"):
            self._newest = super().get_queryset()[: self.NEWEST]
        return self._newest


class ReadOnlyInline(admin.TabularInline):
    """Visible to whoever sees the page it is on."""

    formset = NewestFormSet
    extra = 0
    can_delete = False
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def column(path: str, description: str, *, order: str | None = None) -> Callable[[Any], Any]:
    """A column with the value at `path`, as text.

    (A field would be a link, even for those who may not open it.)
    """

    @admin.display(description=description, ordering=order or path.replace(".", "__"))
    def show(obj: Any) -> Any:
        return reduce(lambda row, name: row and getattr(row, name), path.split("."), obj)

    # The list's CSS class of the column.
    show.__name__ = path.replace(".", "_")
    return show


def person(path: str, description: str) -> Callable[[Any], Any]:
    return column(path, description, order=f"{path.replace('.', '__')}__email")


def pretty(value: Any) -> SafeString:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html(
        '<pre class="json" tabindex="0">{}</pre>',
        text[:SHOWN_CHARACTERS] + ("\n…" if len(text) > SHOWN_CHARACTERS else ""),
    )


def link_to(path: str, words: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', path, words)
