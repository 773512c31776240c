"""What all model admins share, and the admin of what belongs to the whole site.

Permissions do not come from Django's groups: the capability table decides, and querysets limit the rows.
"""

import re
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from ..capabilities import role_can
from ..models import User

COUNTED_TO = 10_000
YEAR = re.compile("[1-9][0-9]{0,3}")


def signed_in(request: HttpRequest) -> User:
    """The user of the request. On the sign-in page that is an AnonymousUser, which is never active."""
    return request.user  # type: ignore[return-value]


class CappedPaginator(Paginator):
    """Counts no further than COUNTED_TO: what is beyond is found by filtering, not by paging."""

    @cached_property
    def count(self) -> int:
        rows: models.QuerySet = self.object_list  # type: ignore[assignment]
        return rows.order_by()[:COUNTED_TO].count()


class CarefulChangeList(ChangeList):
    """What Django's filters fail on is answered as any other that cannot be applied: the list without it."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> models.QuerySet:
        for name, values in request.GET.lists():
            has_nul = name != SEARCH_VAR and "\0" in "".join(values)
            is_no_year = name.endswith("__year") and not all(map(YEAR.fullmatch, values))
            if has_nul or is_no_year:
                raise IncorrectLookupParameters
        return super().get_queryset(request, exclude_parameters)


class RowSelect(AutocompleteSelect):
    """Shows what was chosen, if it is the id of a row at all."""

    def optgroups(self, name: str, value: list[str], attrs: Any = None) -> Any:
        return super().optgroups(
            name, [one for one in value if str(one).isdecimal() and len(str(one)) < 20], attrs
        )


class CountersignAdmin(admin.ModelAdmin):
    """Nothing is permitted until a subclass permits it."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 200

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CarefulChangeList

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows if self.has_view_permission(request) else rows.none()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer, and accept, only what the related list would show this person."""
        kwargs.setdefault("queryset", self.offered(db_field, request))
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowSelect(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def offered(self, db_field: models.ForeignKey, request: HttpRequest) -> models.QuerySet:
        related = db_field.remote_field.model
        if self.admin_site.is_registered(related):
            return self.admin_site.get_model_admin(related).get_queryset(request)
        return related._default_manager.none()

    def shown_once(self, request: HttpRequest, key: str, *, words: str, use: str) -> TemplateResponse:
        """The page after a secret was created. Not a redirect: the secret would travel in a cookie."""
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context = self.admin_site.each_context(request) | {
            "title": f"New {self.opts.verbose_name}",
            "opts": self.opts,
            "key": key,
            "words": words,
            "use": use,
            "back": back,
        }
        return TemplateResponse(request, "admin/shown_once.html", context)


class SiteAdmin(CountersignAdmin):
    """For rows of the whole site: owners and administrators may view them."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = signed_in(request)
        return user.is_active and role_can(user.role_on_site, "manage_site")
