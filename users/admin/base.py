"""What every list of the admin shares, and the admin of what belongs to the site.

Permissions do not come from Django's groups: the capability table decides, and the queryset says which rows there are.
"""

from functools import cached_property

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from ..capabilities import role_can
from ..models import User

COUNTED_TO = 10_000


def signed_in(request: HttpRequest) -> User:
    """Who asks. On the page for signing in it is nobody: not active, and asked for no more than that."""
    return request.user  # type: ignore[return-value]


class CappedPaginator(Paginator):
    """Counts to COUNTED_TO and no further: what lies beyond is found by filter, not by paging."""

    @cached_property
    def count(self) -> int:
        return self.object_list.order_by()[:COUNTED_TO].count()  # type: ignore[union-attr]


class CountersignAdmin(admin.ModelAdmin):
    """Closed until a subclass opens it."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 200

    def has_module_permission(self, request) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None) -> bool:
        return False

    def has_add_permission(self, request, *args) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows if self.has_view_permission(request) else rows.none()

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer what the related list would show this person, and take nothing else."""
        kwargs.setdefault("queryset", self.offered(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def offered(self, db_field: models.ForeignKey, request: HttpRequest) -> models.QuerySet:
        related = db_field.remote_field.model
        if self.admin_site.is_registered(related):
            return self.admin_site.get_model_admin(related).get_queryset(request)
        return related._default_manager.none()

    def shown_once(self, request: HttpRequest, key: str, *, words: str, use: str) -> TemplateResponse:
        """Answers the making of a secret. Not by redirect: the secret would travel in a cookie."""
        context = self.admin_site.each_context(request) | {
            "title": f"New {self.opts.verbose_name}",
            "opts": self.opts,
        }
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        context |= {
            "title": f"New {self.opts.verbose_name}",
            "opts": self.opts,
            "key": key,
            "words": words,
            "use": use,
            "back": back,
        }
        return TemplateResponse(request, "admin/shown_once.html", context)


class SiteAdmin(CountersignAdmin):
    """What the whole site shares: seen by owner and administrators only, and only read."""

    def has_view_permission(self, request, obj=None) -> bool:
        user = signed_in(request)
        return user.is_active and role_can(user.role_on_site, "manage_site")
