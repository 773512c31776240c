"""API tokens. The key is shown once, on the page that answers its making; only its hash is kept."""

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.forms import ModelForm

from ..models import ApiToken, LoginTry
from ..ranks import may_manage
from .base import SiteAdmin, signed_in


class TokenForm(ModelForm):
    actor = None

    def clean_user(self):
        user = self.cleaned_data["user"]
        if not may_manage(self.actor, user):
            raise ValidationError(
                "A token acts as its person: only an owner makes one for an owner.", code="outranked"
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

    def has_add_permission(self, request, *args) -> bool:
        return self.has_view_permission(request)

    def get_fields(self, request, obj=None):
        return (
            self.fields
            if obj is None
            else (*self.fields, "prefix", "created_at", "last_used_at", "revoked_at")
        )

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        return type("TokenForm", (form,), {"actor": signed_in(request)})

    def save_form(self, request, form, change):
        super().save_form(request, form, change)
        made = form.cleaned_data
        token, request.issued_key = ApiToken.issue(
            made["user"], name=made["name"], expires_at=made["expires_at"]
        )
        return token

    def save_model(self, request, obj, form, change) -> None:
        """Issuing has saved it."""

    def response_add(self, request, obj, post_url_continue=None):
        words = f"This is the key of “{obj.name}” for {obj.user}."
        return self.shown_once(
            request, request.issued_key, words=words, use="Requests carry it as: Authorization: Token <key>"
        )

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request, queryset) -> None:
        tokens = [
            token for token in queryset.select_related("user") if may_manage(signed_in(request), token.user)
        ]
        for token in tokens:
            token.revoke()
        messages.success(request, f"Revoked: {len(tokens)}.")
        if left := queryset.count() - len(tokens):
            messages.warning(request, f"Left alone, because they belong to an owner: {left}.")

    def has_revoke_permission(self, request) -> bool:
        return self.has_view_permission(request)


@admin.register(LoginTry)
class LoginTryAdmin(SiteAdmin):
    """Deleting a row lets that person try again at once."""

    list_display = ("email_hash", "since", "tries")

    def has_delete_permission(self, request, obj=None) -> bool:
        return self.has_view_permission(request)
