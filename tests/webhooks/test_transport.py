"""One POST against consumers that misbehave, and addresses nobody may reach."""

import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from webhooks import transport
from webhooks.addresses import BlockedAddress, open_addresses
from webhooks.sender import BUDGET_SECONDS
from webhooks.transport import KEPT_BYTES, post

from .receiver import Receiver

BLOCKED = [
    "127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "0",
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.254",
    "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::1", "::", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fe80::1", "fc00::1",
    "fd00:ec2::254", "fec0::1", "ff02::1", "100::1", "100:0:0:1::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
    "2001::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "4000::1",
    "localhost",
]  # fmt: skip
OPEN = ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8"]
_sockets: list[tuple] = []


def _note(event: str, args: tuple) -> None:
    if event == "socket.connect":
        _sockets.append(args)


sys.addaudithook(_note)


@pytest.fixture
def connected() -> Iterator[list[tuple]]:
    """What any socket of this process was connected to."""
    _sockets.clear()
    yield _sockets


@pytest.mark.parametrize("host", BLOCKED)
def test_blocked_address_opens_no_socket(host, connected, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    answer = post(f"http://[{host}]/" if ":" in host else f"http://{host}/", b"{}", {})

    assert (answer.status, answer.error) == (None, "blocked_address")
    assert connected == []


@pytest.mark.parametrize("host", OPEN)
def test_public_address_is_open(host, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    assert open_addresses(host, 443)


def test_setting_opens_a_network_and_nothing_else(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.0.0/16", "::1/128"]

    assert open_addresses("10.1.2.3", 80) and open_addresses("::1", 80) and open_addresses("::ffff:10.1.2.3", 80)
    with pytest.raises(BlockedAddress, match="10.2.0.1, which webhooks may not reach. WEBHOOK_ALLOWED_NETWORKS opens networks"):
        open_addresses("10.2.0.1", 80)


def test_host_that_changes_its_address_is_asked_once(receiver, monkeypatch):
    """Rebinding: the address that was checked is the one connected to."""
    answers = [[(2, 1, 6, "", ("127.0.0.1", 0))], [(2, 1, 6, "", ("10.0.0.1", 0))]]
    real = socket.getaddrinfo

    def rebinding(host, *args, **kwargs):
        return answers.pop(0) if host == "rebinding.test" else real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)

    answer = post(receiver.url.replace("127.0.0.1", "rebinding.test"), b"{}", {})

    assert (answer.status, len(answers)) == (200, 1)
    assert receiver.got[0].headers["host"].startswith("rebinding.test:")


def test_proxy_variables_are_not_obeyed(receiver, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert post(receiver.url, b"{}", {}).status == 200


def test_redirect_is_not_followed(receiver):
    receiver.statuses.append(302)
    receiver.headers = {"Location": receiver.url}

    assert (post(receiver.url, b"{}", {}).error, len(receiver.got)) == ("redirect", 1)


def test_answer_is_read_and_kept_in_part_only(receiver):
    receiver.answer = b"x" * 20_000_000

    answer = post(receiver.url, b"{}", {})

    assert answer.is_success
    assert len(answer.text) == KEPT_BYTES


class Raw(Receiver):
    """A server that does with the connection whatever `talk` does."""

    def __init__(self, talk):
        self.talk = talk

    def __enter__(self) -> "Raw":
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/"

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        try:
            connection.recv(65536)
            self.talk(connection)
            self._linger(connection)
        except OSError:
            pass
        finally:
            connection.close()

    @staticmethod
    def _linger(connection: socket.socket) -> None:
        """Closing with a byte unread is a reset, which may overtake the answer."""
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(3)
        while connection.recv(65536):
            pass


def drip(connection: socket.socket, first: bytes) -> None:
    connection.sendall(first)
    while True:
        time.sleep(0.1)
        connection.sendall(b"a")


@pytest.mark.parametrize(
    ("talk", "error"),
    [
        (lambda c: time.sleep(8), "timeout"),
        (lambda c: drip(c, b"HTTP/1.1 200 OK\r\nX-Slow: "), "timeout"),
        (lambda c: drip(c, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), "timeout"),
        (lambda c: None, "connection"),
        (lambda c: c.sendall(b"\x00 not HTTP \r\n\r\n"), "connection"),
    ],
    ids=["hangs", "drips a header", "drips a body", "hangs up", "talks nonsense"],
)
def test_consumer_that_misbehaves_is_cut_in_time(talk, error):
    with Raw(talk) as server:
        began = time.monotonic()
        answer = post(server.url, b"{}", {}, seconds=1)

    assert (answer.status, answer.error) == (None, error)
    assert time.monotonic() - began < 5


def test_broken_off_body_does_not_unsay_the_status():
    with Raw(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")) as server:
        answer = post(server.url, b"{}", {})

    assert (answer.status, answer.text) == (200, "short")


def reset_after(connection: socket.socket, first: bytes) -> None:
    connection.sendall(first)
    time.sleep(0.2)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_reset_within_the_body_does_not_unsay_the_status():
    with Raw(lambda c: reset_after(c, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")) as server:
        answer = post(server.url, b"{}", {})

    assert (answer.status, answer.is_success) == (200, True)


def test_drip_within_the_tls_handshake_is_cut():
    with Raw(lambda c: drip(c, b"\x16\x03\x03\x40\x00")) as server:
        answer = post(server.url.replace("http://", "https://"), b"{}", {}, seconds=1)

    assert answer.error == "timeout"
    assert answer.duration < 5


def test_plain_server_behind_https_is_a_tls_failure():
    with Raw(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")) as server:
        answer = post(server.url.replace("http://", "https://"), b"{}", {})

    assert answer.error == "tls"


def test_name_nobody_knows_is_said_so(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert post("http://nobody.invalid/", b"{}", {}).error == "name_resolution"


def test_no_other_module_imports_a_client(pytestconfig):
    """One module of the project sends HTTP to addresses that people type in. Sign-on talks to the operator's own provider."""
    clients = (
        "import requests",
        "from requests ",
        "from requests.",
        "import urllib3",
        "from urllib3",
        "urllib.request",
        "import httpx",
        "import aiohttp",
    )
    allowed = {"webhooks/transport.py"}
    root = pytestconfig.rootpath

    found = {
        str(path.relative_to(root))
        for app in ("users", "tasks", "reviews", "api", "webhooks", "reviewsite")
        for path in (root / app).rglob("*.py")
        if any(client in path.read_text() for client in clients) and "signon" not in path.parts
    }

    assert found == allowed


def test_total_time_is_within_the_jobs_limit():
    assert transport.TOTAL_SECONDS + BUDGET_SECONDS < 20
