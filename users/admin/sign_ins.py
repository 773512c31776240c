"""Sessions, the counters of the login guard, and mails for a new password that are still to be sent."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ..models import LoginTry, PasswordResetRequest, Session
from .base import SiteAdmin


class Deletable(SiteAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)


@admin.register(LoginTry)
class LoginTryAdmin(Deletable):
    """Deleting a row lets whoever it counts try again immediately."""

    list_display = ("key", "kind", "tries", "until")
    list_filter = ("kind",)


@admin.register(Session)
class SessionAdmin(Deletable):
    """Deleting a row signs the person out there."""

    fields = list_display = ("user", "agent", "address", "created_at", "expire_date")  # type: ignore[assignment]
    readonly_fields = ("agent", "address", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email",)


@admin.register(PasswordResetRequest)
class PasswordResetRequestAdmin(SiteAdmin):
    list_display = ("email", "created_at")
