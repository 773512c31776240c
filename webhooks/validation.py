"""Checks of an endpoint's URL and headers when it is saved. The address is checked again at each attempt."""

import re
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ValidationError

from tasks.addresses import BlockedAddress, allowed_addresses
from users.sentences import sentence as _

PORTS = {"http": 80, "https": 443}
NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f-\xa0\\]")
HEADER_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?|")
HEADERS_AT_MOST = 10
RESERVED = {
    "host",
    "content-length",
    "content-type",
    "content-encoding",
    "transfer-encoding",
    "connection",
    "upgrade",
    "expect",
    "te",
    "trailer",
}
RESERVED_PREFIXES = ("webhook-", "proxy-")
RESOLVE_SECONDS = 2


def webhook_url(url: str) -> None:
    """Raises ValidationError."""
    parts, port = _split(url)
    if parts.scheme not in PORTS:
        raise ValidationError(_("The URL must begin with http:// or https://."), code="bad_scheme")
    if not parts.hostname:
        raise ValidationError(_("The URL has no host."), code="bad_url")
    if "@" in parts.netloc:
        raise ValidationError(
            _("The URL must not contain a user name or password; use a header."), code="userinfo"
        )
    if "#" in url:
        raise ValidationError(_("The URL must not have a fragment (#…): it is never sent."), code="fragment")
    _refuse_blocked_host(parts.hostname, port or PORTS[parts.scheme])


def _split(url: str) -> tuple[SplitResult, int | None]:
    if NOT_IN_URLS.search(url):
        raise ValidationError(
            _("The URL must not contain spaces, backslashes or control characters."), code="bad_url"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValidationError(_("This is not a URL: %(error)s.", error=error), code="bad_url")
    if port == 0:
        raise ValidationError(_("The port must be between 1 and 65535."), code="bad_url")
    return parts, port


def _refuse_blocked_host(host: str, port: int) -> None:
    """A host that does not resolve now may do so later, so only one that resolves to blocked addresses is
    refused.
    """
    resolver = ThreadPoolExecutor(max_workers=1)
    try:
        resolver.submit(allowed_addresses, host, port).result(RESOLVE_SECONDS)
    except BlockedAddress as error:
        raise ValidationError(str(error), code="blocked_address")
    except UnicodeError:
        raise ValidationError(_("The host name is invalid."), code="bad_url")
    except (OSError, TooSlow):
        return
    finally:
        resolver.shutdown(wait=False)


def webhook_headers(headers: Any) -> None:
    """Label Studio's schema (at most ten, plain names, texts), and nothing that could forge a request.

    Raises ValidationError.
    """
    if not isinstance(headers, dict):
        raise ValidationError(
            _('Headers must be an object, like {"Authorization": "Bearer …"}.'), code="bad_headers"
        )
    if len(headers) > HEADERS_AT_MOST:
        raise ValidationError(
            _("At most %(headers_at_most)s headers are allowed.", headers_at_most=HEADERS_AT_MOST),
            code="too_many_headers",
        )
    for name, value in headers.items():
        _refuse_header(name, value)


def _refuse_header(name: str, value: Any) -> None:
    if not HEADER_NAME.fullmatch(name):
        raise ValidationError(
            _("%(name)r is not a header name: letters, digits, - and _ only.", name=name),
            code="bad_header_name",
        )
    if name.lower() in RESERVED or name.lower().startswith(RESERVED_PREFIXES):
        raise ValidationError(
            _("%(name)s is set by Countersign and cannot be changed.", name=name), code="reserved_header"
        )
    if not isinstance(value, str) or not HEADER_VALUE.fullmatch(value) or len(value) > 4096:
        raise ValidationError(
            _("The value of %(name)s must be one line of printable ASCII text.", name=name),
            code="bad_header_value",
        )
