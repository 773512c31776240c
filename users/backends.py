"""Password login for the pages, the admin and POST /api/auth/login, behind the login guard."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from . import login_guard
from .models import User


class TooManyAttempts(PermissionDenied):
    def __init__(self, wait: int) -> None:
        super().__init__(f"Too many sign-in attempts. Try again in {wait} seconds.")
        self.wait = wait


class GuardedPasswordBackend(ModelBackend):
    # Django calls it with a request; login_guard needs one.
    def authenticate(  # type: ignore[override]
        self, request: HttpRequest, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        email = username or kwargs.get("email")
        if not email or password is None:
            return None
        if wait := login_guard.seconds_to_wait(email):
            if request is not None:
                request.login_wait = wait  # type: ignore[attr-defined]
            raise TooManyAttempts(wait)
        user = super().authenticate(request, username=email, password=password)
        if user is not None:
            login_guard.forget(email)
        return user
