"""The endpoints of the provider, from its discovery document, cached for an hour."""

import time
from functools import lru_cache
from typing import Any

import requests
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

CACHE_SECONDS = 3600
# Setting of the library → key in the discovery document.
ENDPOINTS = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
}


def setting(name: str, *default: Any) -> Any:
    """A setting of the library: endpoints are discovered, all others are Django settings."""
    if name in ENDPOINTS:
        return discover(settings.OIDC_ISSUER, int(time.time() // CACHE_SECONDS))[ENDPOINTS[name]]
    return getattr(settings, name, *default)


@lru_cache(maxsize=2)
def discover(issuer: str, hour: int) -> dict[str, str]:
    """`hour` is only part of the cache key: a new hour reads the document again."""
    response = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=settings.OIDC_TIMEOUT)
    response.raise_for_status()
    document = response.json()
    if document.get("issuer", "").rstrip("/") != issuer:
        raise ImproperlyConfigured(
            f"The provider calls itself {document.get('issuer')!r}, OIDC_ISSUER says {issuer!r}."
        )
    return document
