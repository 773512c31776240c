"""Which address a request comes from. Everything that counts or limits by address asks here."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

Network = IPv4Network | IPv6Network
HOST_BITS_V6 = 64  # a household has at least that many addresses


def client_address(request: Any) -> str:
    """The address of the client; empty if nothing is known.

    X-Forwarded-For is believed only as far as TRUSTED_PROXIES have written it, from the right: its first
    entries are what the client claims.
    """
    address = request.META.get("REMOTE_ADDR", "")
    proxies = trusted_proxies(tuple(settings.TRUSTED_PROXIES))
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    while forwarded and _is_proxy(address, proxies):
        written = _parsed(forwarded.pop())
        if written is None:
            break
        address = str(written)
    return address


def address_group(address: str) -> str:
    """What is counted as one: an IPv4 address, or an IPv6 network of 64 bits."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, HOST_BITS_V6), strict=False))
    return str(parsed or address)


@lru_cache(maxsize=8)
def trusted_proxies(written: tuple[str, ...]) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(proxy, strict=False) for proxy in written)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"TRUSTED_PROXIES must list addresses or networks, such as 10.0.0.0/8: {error}."
        )


def _is_proxy(address: str, proxies: tuple[Network, ...]) -> bool:
    """Without an address it came over a unix socket, where only a proxy can be."""
    parsed = _parsed(address)
    return bool(proxies) and (not address or any(parsed in network for network in proxies if parsed))


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
