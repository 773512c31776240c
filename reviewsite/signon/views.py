"""The two pages of the sign-on: away to the provider, and back."""

import logging

import requests
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from . import provider

log = logging.getLogger(__name__)
REFUSED = "That did not sign you in: that account is not known here, or its e-mail is not verified. Ask an administrator."
UNREACHABLE = "The sign-on provider does not answer. Try again in a minute, or sign in with a password."


class Away(OIDCAuthenticationRequestView):
    get_settings = staticmethod(provider.setting)

    def __init__(self, **kwargs):
        """Nothing is read here: a provider that is down is a sentence, not an error page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        _refuse_when_off()
        try:
            super().__init__()
            return super().get(request)
        except requests.RequestException as reason:
            log.warning("Sign-on provider: %s", reason)
            messages.error(request, UNREACHABLE)
            return redirect("login")


class Back(OIDCAuthenticationCallbackView):
    get_settings = staticmethod(provider.setting)

    def get(self, request: HttpRequest) -> HttpResponse:
        _refuse_when_off()
        # The library would end the session of whoever follows a link with an error in it.
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


def _refuse_when_off() -> None:
    if not settings.OIDC_ISSUER:
        raise Http404("Sign-on by OpenID Connect is off (OIDC_ISSUER).")
