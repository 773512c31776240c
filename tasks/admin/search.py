"""Search by what an index finds: a number, a UUID, else the words of the columns named."""

import uuid
from collections.abc import Sequence

from django.contrib import admin
from django.db.models import Q


class NumberedSearch(admin.ModelAdmin):
    """`number_fields` are asked for a number, `search_fields` for anything else."""

    number_fields: Sequence[str] = ("id",)

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()
        if term.isdecimal() and len(term) < 19:
            return queryset.filter(
                Q.create([(name, int(term)) for name in self.number_fields], connector=Q.OR)
            ), False
        if hasattr(self.model, "unique_id") and (unique_id := _as_uuid(term)) is not None:
            return queryset.filter(unique_id=unique_id), False
        return super().get_search_results(request, queryset, search_term)


def _as_uuid(term: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(term) if len(term) >= 32 else None
    except ValueError:
        return None
