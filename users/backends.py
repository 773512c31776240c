"""Password login for the pages, the admin and POST /api/auth/login, behind the login guard."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from . import login_guard
from .client_address import client_address
from .emails import InvalidEmail, canonical_email
from .models import User
from .sentences import sentence as _


class TooManyAttempts(PermissionDenied):
    def __init__(self, wait: int) -> None:
        super().__init__(_("Too many sign-in attempts. Try again in %(wait)s seconds.", wait=wait))
        self.wait = wait


class GuardedPasswordBackend(ModelBackend):
    # Django calls it with a request; login_guard needs one.
    def authenticate(  # type: ignore[override]
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        written = username or kwargs.get("email")
        if not written or password is None:
            return None
        address = client_address(request) if request is not None else ""
        try:
            email = canonical_email(written)
        except InvalidEmail:
            _refuse_if(login_guard.count_unknown(address), request)
            return None
        _refuse_if(login_guard.seconds_to_wait(email, address), request)
        user = super().authenticate(request, username=email, password=password)
        if user is not None:
            login_guard.signed_in(email, address)
        return user


def _refuse_if(wait: int, request: HttpRequest | None) -> None:
    if wait:
        if request is not None:
            request.login_wait = wait  # type: ignore[attr-defined]
        raise TooManyAttempts(wait)
