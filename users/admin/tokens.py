"""API tokens. The key is shown once, on the page after it was created; only its hash is stored."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse

from ..models import ApiToken, User
from ..ranks import may_manage
from ..sentences import sentence as _
from .base import SiteAdmin, signed_in


class TokenForm(ModelForm):
    actor: User

    def clean_user(self) -> User:
        user = self.cleaned_data["user"]
        if not may_manage(self.actor, user):
            raise ValidationError(
                _("A token acts as its user: only an owner may create one for an owner."), code="outranked"
            )
        return user


@admin.register(ApiToken)
class ApiTokenAdmin(SiteAdmin):
    form = TokenForm
    fields = ("user", "name", "expires_at")
    autocomplete_fields = ("user",)
    list_display = (
        "name",
        "kind",
        "prefix",
        "user",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__email")
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.has_view_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            self.fields
            if obj is None
            else (*self.fields, "prefix", "created_at", "last_used_at", "revoked_at")
        )

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, **kwargs)
        return type("TokenForm", (form,), {"actor": signed_in(request)})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        super().save_form(request, form, change)
        made = form.cleaned_data
        token, key = ApiToken.issue(made["user"], name=made["name"], expires_at=made["expires_at"])
        request.issued_key = key  # type: ignore[attr-defined]
        return token

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """`issue` has saved it."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        words = f"This is the key of “{obj.name}” for {obj.user}."
        key = request.issued_key  # type: ignore[attr-defined]
        return self.shown_once(
            request, key, words=words, use="Requests carry it as: Authorization: Token <key>"
        )

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        tokens = [
            token for token in queryset.select_related("user") if may_manage(signed_in(request), token.user)
        ]
        for token in tokens:
            token.revoke()
        messages.success(request, f"Revoked: {len(tokens)}.")
        if left := queryset.count() - len(tokens):
            messages.warning(request, f"Not revoked, because they belong to an owner: {left}.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
