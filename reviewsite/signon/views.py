"""Sign-on: the redirect to the provider, and the callback from it."""

import logging
from typing import Any

import requests
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from users.sentences import sentence as _

from . import provider

log = logging.getLogger(__name__)
REFUSED = _(
    "You are not signed in: this account is unknown here, or its e-mail address is not verified. "
    "Ask an administrator."
)
UNREACHABLE = _("The sign-on provider is not reachable. Try again in a minute, or sign in with a password.")


class SignOn(OIDCAuthenticationRequestView):
    get_settings = staticmethod(provider.setting)

    def __init__(self, **kwargs: Any) -> None:
        """The parent reads the endpoints here; `get` does it instead and handles an unreachable provider."""

    def get(self, request: HttpRequest) -> HttpResponse:
        _require_enabled()
        try:
            super().__init__()
            return super().get(request)
        except requests.RequestException as reason:
            log.warning("Sign-on provider not reachable: %s", reason)
            messages.error(request, UNREACHABLE)
            return redirect("login")


class Callback(OIDCAuthenticationCallbackView):
    get_settings = staticmethod(provider.setting)

    def get(self, request: HttpRequest) -> HttpResponse:
        _require_enabled()
        # The library would sign out anybody who follows a link with an `error` parameter.
        if request.GET.get("error"):
            return self.login_failure()
        try:
            return super().get(request)
        except SuspiciousOperation as reason:
            log.warning("Sign-on refused: %s", reason)
            return self.login_failure()

    def login_failure(self) -> HttpResponse:
        messages.error(self.request, REFUSED)
        return redirect("login")


def _require_enabled() -> None:
    if not settings.OIDC_ISSUER:
        raise Http404("Sign-on by OpenID Connect is off (OIDC_ISSUER).")
