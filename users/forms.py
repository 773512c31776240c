"""Forms for signing in, new accounts, and people's own settings."""

from zoneinfo import available_timezones

from django import forms
from django.contrib.auth.forms import (
    AdminUserCreationForm,
    AuthenticationForm,
    PasswordResetForm,
    UserChangeForm,
)
from django.core.exceptions import ValidationError

from .models import User


def timezone_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=lambda: [(name, name) for name in sorted(available_timezones())], initial="UTC"
    )


class SignInForm(AuthenticationForm):
    """Says how long to wait after too many attempts."""

    def get_invalid_login_error(self) -> ValidationError:
        wait = getattr(self.request, "login_wait", None)
        if wait is None:
            return super().get_invalid_login_error()
        return ValidationError(
            f"Too many sign-in attempts. Try again in {wait} seconds.", code="too_many_tries"
        )


class StaffSignInForm(SignInForm):
    """Sign-in to the admin."""

    def confirm_login_allowed(self, user: User) -> None:
        super().confirm_login_allowed(user)
        if not user.is_staff:
            raise ValidationError(
                "This account has no access to the admin. Ask an administrator of the site.", code="not_staff"
            )


class ResetForm(PasswordResetForm):
    """Sends mail to everybody who may sign in, including those without a password: new people set their
    first one.
    """

    def get_users(self, email: str):
        return User.objects.people().filter(email__iexact=email)


class NewPersonForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()


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
