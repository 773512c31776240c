"""User accounts, for the owners and administrators of the site."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest

from ..forms import NewPersonForm, PersonForm
from ..leaving import release
from ..models import User
from ..people import RANK
from ..ranks import grantable_roles, may_manage
from .base import SiteAdmin, signed_in

# Roles decide here, not groups.
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(SiteAdmin, UserAdmin):
    """People are deactivated, never deleted: their annotations and reviews stay."""

    form = PersonForm
    add_form = NewPersonForm
    list_display = (
        "email",
        "first_name",
        "last_name",
        "site_role",
        "is_staff",
        "is_active",
        "is_placeholder",
        "last_activity",
    )
    list_filter = ("is_active", "is_staff", "site_role", "may_create_projects", "is_placeholder")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("is_placeholder", "date_joined", "last_login", "last_activity")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "phone", "timezone")}),
        ("Rank", {"fields": (*RANK, "is_superuser", "is_placeholder")}),
        ("Dates", {"fields": ("date_joined", "last_login", "last_activity")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).filter(is_staged=False)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) if obj is None else may_manage(signed_in(request), obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody changes their own rank. Superusers are created on the command line."""
        own = obj is not None and obj.pk == signed_in(request).pk
        return (*super().get_readonly_fields(request, obj), "is_superuser", *(RANK if own else ()))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and {"is_active", "site_role"} & set(form.changed_data):
            release(obj)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "site_role":
            kwargs["choices"] = [
                ("", "none"),
                *((role, role.label) for role in grantable_roles(signed_in(request))),
            ]
        return super().formfield_for_choice_field(db_field, request, **kwargs)
