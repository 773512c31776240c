"""Forms for signing in, new accounts, and people's own settings."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import (
    AdminUserCreationForm,
    AuthenticationForm,
    PasswordChangeForm,
    UserChangeForm,
)
from django.core.exceptions import ValidationError
from django.http import HttpResponse

from . import login_guard
from .emails import EmailFormField
from .models import User
from .password_resets import request_reset
from .sentences import sentence as _


def timezone_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=lambda: [(name, name) for name in sorted(available_timezones())], initial="UTC"
    )


class MustWait(ValidationError):
    def __init__(self, wait: int, what: str) -> None:
        super().__init__(
            _("Too many %(what)s. Try again in %(wait)s seconds.", what=what, wait=wait),
            code="too_many_tries",
        )


def told_to_wait(response: HttpResponse, form: Any) -> HttpResponse:
    """The page of a form that refused because of too many attempts."""
    if wait := getattr(form, "wait", 0):
        response.status_code = 429
        response["Retry-After"] = str(wait)
    return response


class SignInForm(AuthenticationForm):
    """`wait`: the seconds until the next attempt, if there were too many. So have the forms below."""

    wait = 0

    def get_invalid_login_error(self) -> ValidationError:
        self.wait = getattr(self.request, "login_wait", 0)
        return MustWait(self.wait, _("sign-in attempts")) if self.wait else super().get_invalid_login_error()


class StaffSignInForm(SignInForm):
    """Sign-in to the admin."""

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise ValidationError(
                _("This account has no access to the admin. Ask an administrator of the site."),
                code="not_staff",
            )


class OwnPasswordForm(PasswordChangeForm):
    wait = 0

    def clean_old_password(self) -> str:
        self.wait = login_guard.count_own_password(self.user.pk)
        if self.wait:
            raise MustWait(self.wait, "attempts")
        return super().clean_old_password()


class ResetForm(forms.Form):
    """Everybody who may sign in gets a mail, including those without a password: new people set their first
    one.
    """

    wait = 0
    email = EmailFormField(label="Email", widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def __init__(self, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean_email(self) -> str:
        email = self.cleaned_data["email"]
        self.wait = login_guard.count_reset(email, self.address)
        if self.wait:
            raise MustWait(self.wait, _("requests for this address"))
        return email

    def save(self, **options: Any) -> None:
        request_reset(self.cleaned_data["email"])


class NewPersonForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)


class PersonForm(UserChangeForm):
    timezone = timezone_field()

    class Meta:
        model = User
        fields = "__all__"


class ProfileForm(forms.ModelForm):
    """What people change about themselves."""

    timezone = timezone_field()

    class Meta:
        model = User
        fields = ("first_name", "last_name", "timezone", "wants_digest")
