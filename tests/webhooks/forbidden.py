"""F14: addresses that nobody may reach, in every form somebody thought of, and the ways around.

Counts the sockets opened.
"""

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from unittest.mock import patch

from django.test import override_settings

from tasks.addresses import is_allowed
from tasks.transport import Answer, post

from .receiver import Receiver

# As they stand in a URL.
FORMS = [
    # loopback
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "127.0.0.1.", "127.0.0.01", "2130706433",
    "0x7f000001", "0x7f.1", "0x7f.0.0.1", "0177.0.0.1", "0177.1", "017700000001", "0.0.0.0", "0", "localhost",
    "localhost.", "LOCALHOST", "%31%32%37.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "１２７.０.０.１",
    # private, link-local, cloud metadata, shared
    "10.0.0.1", "10.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.168.257", "0300.0250.1.1",
    "169.254.169.254", "0xa9fea9fe", "2852039166", "169.254.170.2", "100.64.0.1", "100.127.255.254",
    "100.100.100.200", "168.63.129.16",
    # reserved, documentation, benchmark, multicast, broadcast
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    # IPv6
    "[::1]", "[::]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::127.0.0.1]", "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
    "[::ffff:0:127.0.0.1]", "[fe80::1]", "[fe80::1%25lo]", "[::1%25lo]", "[fc00::1]", "[fd00:ec2::254]",
    "[fec0::1]", "[ff02::1]", "[100::1]", "[100:0:0:1::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]",
    "[64:ff9b::169.254.169.254]", "[64:ff9b:1::1]", "[2001::1]", "[2001:10::1]", "[2001:20::1]",
    "[2001:db8::1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[3fff::1]", "[5f00::1]", "[4000::1]",
    # URLs that say one host and mean another
    "user@127.0.0.1", "1.1.1.1@127.0.0.1", "127.0.0.1#@1.1.1.1", "127.0.0.1?@1.1.1.1", "127.0.0.1\\@1.1.1.1",
    "127.0.0.1:80:80",
]  # fmt: skip
# Refused by name, as no URL at all, or as a name that nobody has: no socket either way.
REFUSALS = ("blocked_address", "invalid_request", "name_resolution")
# Stands for the public address; every other one of 127.0.0.0/8 stays closed.
OPENED = "127.0.0.2"
_connected: list[str] | None = None
_thread = 0


def _note(event: str, args: tuple[Any, ...]) -> None:
    if event != "socket.connect" or _connected is None or threading.get_ident() != _thread:
        return
    if isinstance(args[1], tuple):
        _connected.append(args[1][0])


sys.addaudithook(_note)


@contextmanager
def connections() -> Iterator[list[str]]:
    """The addresses that any socket was connected to meanwhile by this thread, in which `post` connects."""
    global _connected, _thread
    found: list[str] = []
    _connected, _thread = found, threading.get_ident()
    try:
        yield found
    finally:
        _connected = None


@contextmanager
def only_one_open() -> Iterator[None]:
    with override_settings(WEBHOOK_ALLOWED_NETWORKS=[f"{OPENED}/32"]):
        yield


@contextmanager
def resolving(host: str, *answers: tuple[str, ...]) -> Iterator[list[str]]:
    """The name `host` means other addresses each time it is asked for; yields who asked."""
    real, asked, left = socket.getaddrinfo, [], list(answers)

    def changing(name: Any, port: Any, *args: Any, **more: Any) -> Any:
        if name != host:
            return real(name, port, *args, **more)
        asked.append(name)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    with patch.object(socket, "getaddrinfo", changing):
        yield asked


def by_form(form: str) -> Answer:
    with override_settings(WEBHOOK_ALLOWED_NETWORKS=[]):
        return post(f"http://{form}/", b"{}", {}, seconds=5)


def by_redirect() -> Answer:
    """An open host sends us on to a closed one."""
    with only_one_open(), Receiver(host=OPENED) as receiver, Receiver() as closed:
        receiver.statuses.append(307)
        receiver.headers = {"Location": closed.url}
        return post(receiver.url, b"{}", {}, seconds=5)


def by_rebinding() -> Answer:
    """Open when it is looked at, closed when it is looked up again."""
    with (
        only_one_open(),
        Receiver(host=OPENED) as receiver,
        resolving("rebinding.test", (OPENED,), ("127.0.0.1",)),
    ):
        return post(receiver.url.replace(OPENED, "rebinding.test"), b"{}", {}, seconds=5)


def by_mixed_answer() -> Answer:
    """The closed one first."""
    with (
        only_one_open(),
        Receiver(host=OPENED) as receiver,
        resolving("mixed.test", ("127.0.0.1", "10.0.0.1", OPENED)),
    ):
        return post(receiver.url.replace(OPENED, "mixed.test"), b"{}", {}, seconds=5)


def by_proxy() -> Answer:
    """The environment names a proxy on a closed address."""
    names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    with only_one_open(), Receiver() as proxy, Receiver(host=OPENED) as receiver:
        with patch.dict(os.environ, dict.fromkeys(names, proxy.url)):
            return post(receiver.url, b"{}", {}, seconds=5)


# Way around → the status and error it comes to.
WAYS = {
    by_redirect: (307, "redirect"),
    by_rebinding: (200, ""),
    by_mixed_answer: (200, ""),
    by_proxy: (200, ""),
}


def blocked_of(addresses: list[str]) -> list[str]:
    with only_one_open():
        return [address for address in addresses if not is_allowed(ip_address(address))]


def f14() -> dict[str, Any]:
    """Everything, and how many sockets were opened to an address that is closed."""
    with connections() as found:
        refused = {form: by_form(form).error for form in FORMS}
        ways = {way.__name__: (answer.status, answer.error) for way in WAYS for answer in [way()]}
    sockets = len(blocked_of(found))
    wrong = [form for form, error in refused.items() if error not in REFUSALS]
    wrong += [way.__name__ for way, outcome in WAYS.items() if ways[way.__name__] != outcome]
    return {
        "fault": "F14",
        "forms": len(FORMS),
        "tried": FORMS,
        "ways_around": list(ways),
        "wrong": wrong,
        "sockets_to_blocked": sockets,
        "sockets_to_open": len(found) - sockets,
        "passed": not wrong and not sockets and len(FORMS) >= 60,
    }
