"""Where a webhook may go: public addresses, and the networks that WEBHOOK_ALLOWED_NETWORKS opens.

The library's list of special ranges is the base; beyond it stand the ranges it lets through.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from requests_hardened.ip_filter import EXTRA_BLOCKED_NET_RANGES

Address = IPv4Address | IPv6Address
SETTING = "WEBHOOK_ALLOWED_NETWORKS"
# The only IPv6 space that is given out; the rest is translated, local or nobody's.
IPV6_IN_USE = ip_network("2000::/3")
BLOCKED = (
    *EXTRA_BLOCKED_NET_RANGES,
    *map(
        ip_network,
        ("168.63.129.16/32", "100:0:0:1::/64", "2001::/23", "2002::/16", "3fff::/20", "2001:db8::/32"),
    ),
)


class BlockedAddress(OSError):
    """Nothing was sent: the host is, or resolves to, an address that webhooks may not reach."""


def is_open(address: Address) -> bool:
    address = _unmapped(address)
    return _is_opened_by_setting(address) or _is_public(address)


def _unmapped(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _is_opened_by_setting(address: Address) -> bool:
    return any(
        address in ip_network(network.strip(), strict=False) for network in settings.WEBHOOK_ALLOWED_NETWORKS
    )


def _is_public(address: Address) -> bool:
    if address.version == 6 and address not in IPV6_IN_USE:
        return False
    return (
        address.is_global and not address.is_multicast and not any(address in network for network in BLOCKED)
    )


def resolve(host: str, port: int) -> list[Address]:
    """Every address of `host`, in the resolver's order. Raises socket.gaierror, or UnicodeError for what is no host name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


def open_addresses(host: str, port: int) -> list[Address]:
    """The addresses of `host` that may be reached, resolved once: whoever connects, connects to these. Raises BlockedAddress."""
    found = resolve(host, port)
    allowed = [_unmapped(address) for address in found if is_open(address)]
    if not allowed:
        names = ", ".join(str(address) for address in found)
        raise BlockedAddress(f"{host} is {names}, which webhooks may not reach. {SETTING} opens networks.")
    return allowed
