"""How rows of other rows, people and JSON are shown: as words to read."""

import json
from collections.abc import Callable
from functools import reduce
from typing import Any

from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.utils.html import format_html

SHOWN_CHARACTERS = 20_000


class NewestFormSet(BaseInlineFormSet):
    """The newest rows only: a page that lists years of changes never opens."""

    NEWEST = 20

    def get_queryset(self):
        if not hasattr(self, "_newest"):
            self._newest = super().get_queryset()[: self.NEWEST]
        return self._newest


class ReadOnlyInline(admin.TabularInline):
    """Whoever sees the page it is part of sees it."""

    formset = NewestFormSet
    extra = 0
    can_delete = False
    show_change_link = False

    def has_view_permission(self, request, obj=None) -> bool:
        return True

    def has_add_permission(self, request, obj) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False


def column(path: str, description: str, *, order: str | None = None) -> Callable[[Any], Any]:
    """What `path` leads to, as words. (As a field it would be a link, also for who may not follow it.)"""

    @admin.display(description=description, ordering=order or path.replace(".", "__"))
    def show(obj: Any) -> Any:
        return reduce(lambda row, name: row and getattr(row, name), path.split("."), obj)

    # The list's CSS class of the column.
    show.__name__ = path.replace(".", "_")
    return show


def person(path: str, description: str) -> Callable[[Any], Any]:
    return column(path, description, order=f"{path.replace('.', '__')}__email")


def pretty(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html(
        '<pre class="json">{}</pre>',
        text[:SHOWN_CHARACTERS] + ("\n…" if len(text) > SHOWN_CHARACTERS else ""),
    )


def link_to(path: str, words: str) -> str:
    return format_html('<a href="{}">{}</a>', path, words)
