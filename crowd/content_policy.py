"""What a campaign's page may load from elsewhere, and who may embed it: its Content-Security-Policy.

Everything here ends in a header, so what is not clearly an origin is left out.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse

MAX_SOURCES = 50
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_ORIGIN = re.compile(rf"https?://(?:{_LABEL}\.)*{_LABEL}(?::\d{{1,5}})?")
# What an operator writes may have a wildcard in front.
_CONFIGURED = re.compile(rf"\*|https?://(?:\*\.)?(?:{_LABEL}\.)*{_LABEL}(?::\d{{1,5}})?")


def origin_of(address: Any) -> str | None:
    """`https://example.org:8443` of an http address; None for a path and for anything else."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        origin = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
    except (ValueError, AttributeError, TypeError):
        return None
    return origin if _ORIGIN.fullmatch(origin) else None


def allow_media(response: HttpResponse, addresses: Iterable[str], of_campaign: Any) -> None:
    """Images and video of the item shown, first; then from the other hosts of its campaign and those that the
    operator adds: browsers check each redirect, too."""
    stored = of_campaign if isinstance(of_campaign, list) else ()
    found = filter(None, map(origin_of, (*addresses, *stored)))
    sources = [*configured("CROWD_MEDIA_ORIGINS"), *found]
    if sources := list(dict.fromkeys(sources))[:MAX_SOURCES]:
        response._csp_update = {  # type: ignore[attr-defined]
            "img-src": sources,
            "media-src": ["'self'", *sources],
        }


def allow_embedding(response: HttpResponse) -> None:
    origins = configured("CROWD_EMBED_ORIGINS")
    response._csp_replace = {"frame-ancestors": ["'self'", *origins]}  # type: ignore[attr-defined]
    # The older header knows no list: browsers that know frame-ancestors ignore it.
    response.xframe_options_exempt = True  # type: ignore[attr-defined]


def configured(setting: str) -> tuple[str, ...]:
    return _checked(setting, tuple(getattr(settings, setting)))


@lru_cache(maxsize=8)
def _checked(setting: str, origins: tuple[str, ...]) -> tuple[str, ...]:
    if wrong := [origin for origin in origins if not _CONFIGURED.fullmatch(origin)]:
        raise ImproperlyConfigured(
            f"{setting} must list origins such as https://lms.example.org, not {wrong[0]!r}."
        )
    return origins
