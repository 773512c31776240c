"""What the provider says about itself: its endpoints, read from the discovery document and kept for an hour."""

import time
from functools import lru_cache

import requests
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEPT_SECONDS = 3600
# The library's name of an endpoint → its name in the document.
ENDPOINTS = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}


def setting(name: str, *default):
    """A setting of the library: endpoints are discovered, the rest is in the settings file."""
    if name in ENDPOINTS:
        return discovered(settings.OIDC_ISSUER, int(time.time() // KEPT_SECONDS))[ENDPOINTS[name]]
    return getattr(settings, name, *default)


@lru_cache(maxsize=2)
def discovered(issuer: str, hour: int) -> dict[str, str]:
    response = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=settings.OIDC_TIMEOUT)
    response.raise_for_status()
    document = response.json()
    if document.get("issuer", "").rstrip("/") != issuer:
        raise ImproperlyConfigured(
            f"The provider calls itself {document.get('issuer')!r}, OIDC_ISSUER says {issuer!r}."
        )
    return document
