"""Which addresses a webhook may be sent to: public ones, and the networks in WEBHOOK_ALLOWED_NETWORKS."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings

from users.sentences import sentence as _

Address = IPv4Address | IPv6Address
SETTING = "WEBHOOK_ALLOWED_NETWORKS"
# The only IPv6 space that is assigned; the rest is translated, local or unallocated.
IPV6_ASSIGNED = ip_network("2000::/3")
# Not public, although `is_global` says so, in some versions of Python or in all of them.
BLOCKED = tuple(
    map(
        ip_network,
        (
            "100.64.0.0/10",  # shared by the customers of a provider
            "168.63.129.16/32",  # the host of a virtual machine on Azure
            "192.0.0.0/24",  # protocol assignments
            "192.88.99.0/24",  # 6to4 relays
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: any IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)


class BlockedAddress(OSError):
    """Nothing was sent: the host resolves to addresses that webhooks may not be sent to."""


def is_allowed(address: Address) -> bool:
    address = _unmapped(address)
    return _is_allowed_by_setting(address) or _is_public(address)


def _unmapped(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _is_allowed_by_setting(address: Address) -> bool:
    return any(
        address in ip_network(network.strip(), strict=False) for network in settings.WEBHOOK_ALLOWED_NETWORKS
    )


def _is_public(address: Address) -> bool:
    if address.version == 6 and address not in IPV6_ASSIGNED:
        return False
    return (
        address.is_global and not address.is_multicast and not any(address in network for network in BLOCKED)
    )


def resolve(host: str, port: int) -> list[Address]:
    """Every address of `host`, in the resolver's order.

    Raises socket.gaierror, or UnicodeError for a malformed name.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))


def allowed_addresses(host: str, port: int) -> list[Address]:
    """The addresses of `host` that a webhook may be sent to. Resolve once and connect to these.

    Raises BlockedAddress.
    """
    found = resolve(host, port)
    allowed = [_unmapped(address) for address in found if is_allowed(address)]
    if not allowed:
        names = ", ".join(str(address) for address in found)
        raise BlockedAddress(
            _(
                "%(host)s resolves to %(names)s, which is not a public address. "
                "To allow it, add its network to %(setting)s.",
                host=host,
                names=names,
                setting=SETTING,
            )
        )
    return allowed
