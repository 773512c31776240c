"""The only module that sends HTTP: one request, limited in time and in bytes read. For webhooks, and for the
register of audits.

It resolves the host itself and connects to an address that tasks.addresses allows, so that DNS cannot
change between the check and the connect. The standard library's connection has no proxies, redirects or
cookies to disable. Why not a library: docs/decisions/010-webhooks-use-the-standard-librarys-connection.md
"""

import contextlib
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection

import certifi
from django.utils import timezone
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from .addresses import BlockedAddress, allowed_addresses

CONNECTIONS: dict[str, type[HTTPConnection]] = {"http": HTTPConnection, "https": HTTPSConnection}
CONNECT_SECONDS = 3
TOTAL_SECONDS = 15
READ_BYTES = 64 * 1024
KEPT_BYTES = 4 * 1024
GONE = 410


@dataclass(frozen=True)
class Answer:
    """The result of one request. `error` is the kind of failure, empty on 2xx; `duration` is in seconds.

    `is_sent` is false if nothing of the request can have arrived.
    """

    status: int | None
    error: str
    text: str
    duration: float
    retry_after: str | None = None
    is_sent: bool = True

    @property
    def is_success(self) -> bool:
        return not self.error


class Deadline:
    """Shuts the connection down when time is up, wherever it hangs: handshake, header or body."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds
        self.passed = False
        self.is_sent = False  # from the first byte of the request on
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._release()

    def watch(self, connection: socket.socket) -> None:
        """Keep a second handle, because TLS takes over the first.

        A connection made too late is shut down at once.
        """
        self._release()
        with self._lock:
            self._socket = connection.dup()
        if self.passed:
            self._expire()

    def remaining(self) -> float:
        return max(0.001, self.end - time.monotonic())

    def _release(self) -> None:
        with self._lock:
            if self._socket:
                self._socket.close()
            self._socket = None

    def _expire(self) -> None:
        self.passed = True
        with self._lock, contextlib.suppress(OSError):
            if self._socket:
                self._socket.shutdown(socket.SHUT_RDWR)


def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float = TOTAL_SECONDS) -> Answer:
    return send("POST", url, body, headers, seconds=seconds)


def get(url: str, headers: dict[str, str], *, seconds: float = TOTAL_SECONDS) -> Answer:
    return send("GET", url, None, headers, seconds=seconds)


def send(method: str, url: str, body: bytes | None, headers: dict[str, str], *, seconds: float) -> Answer:
    """Never raises for what the other side does."""
    began = time.monotonic()
    with Deadline(seconds) as deadline:
        try:
            status, text, retry_after = _exchange(method, url, body, headers, deadline)
        except (HTTPException, OSError, ValueError) as error:
            failure = "timeout" if deadline.passed else _kind_of(error)
            took, text = time.monotonic() - began, str(error)[:KEPT_BYTES]
            return Answer(None, failure, text, took, is_sent=deadline.is_sent)
    if deadline.passed:  # a header that was cut off looks like a complete one
        return Answer(None, "timeout", f"No complete answer within {seconds} s.", time.monotonic() - began)
    return Answer(status, _error_of(status), text, time.monotonic() - began, retry_after)


def _exchange(
    method: str, url: str, body: bytes | None, headers: dict[str, str], deadline: Deadline
) -> tuple[int, str, str | None]:
    parts = parse_url(url)
    if parts.scheme not in CONNECTIONS:
        raise LocationParseError(url)
    host, connection_class = (parts.host or "").strip("[]"), CONNECTIONS[parts.scheme]
    connection = connection_class(host, parts.port or connection_class.default_port)
    connection.auto_open = 0  # it must never connect by itself: that would be a second lookup of the host
    connection.sock = _connect(host, connection.port, deadline)
    with contextlib.closing(connection):
        if parts.scheme == "https":
            context = _tls_context(certifi.where())
            connection.sock = context.wrap_socket(connection.sock, server_hostname=host.rstrip("."))
        connection.sock.settimeout(deadline.remaining())
        deadline.is_sent = True
        connection.request(method, parts.request_uri, body, headers)
        response = connection.getresponse()
        return response.status, _text_of(response), response.headers.get("Retry-After")


@cache
def _tls_context(authorities: str) -> ssl.SSLContext:
    """Made once, because reading the authorities takes longer than a request."""
    return ssl.create_default_context(cafile=authorities)


def _connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Connect to the first allowed address that answers."""
    addresses = allowed_addresses(host, port)
    for address in addresses:
        with contextlib.suppress(OSError):
            timeout = min(CONNECT_SECONDS, deadline.remaining())
            found = socket.create_connection((str(address), port), timeout)
            # Header and body are two writes; else the second would wait for an acknowledgement of the first.
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            deadline.watch(found)
            return found
    names = ", ".join(map(str, addresses))
    raise ConnectionError(f"No connection to {names} within {CONNECT_SECONDS} s.")


def _text_of(response: HTTPResponse) -> str:
    """The beginning of the body. If it breaks off, the status that came before it still counts."""
    try:
        read = response.read(READ_BYTES)
    except (HTTPException, OSError) as error:
        return str(error)[:KEPT_BYTES]
    return read[:KEPT_BYTES].decode("utf-8", "replace").replace("\x00", "")


def _error_of(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirect" if 300 <= status < 400 else "http_status"


def _kind_of(error: Exception) -> str:
    return next((name for kinds, name in _KINDS if isinstance(error, kinds)), "connection")


# In this order: a certificate error is a ValueError, too, and a blocked address an OSError.
_KINDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((BlockedAddress,), "blocked_address"),
    ((socket.gaierror, UnicodeError), "name_resolution"),
    ((ssl.SSLError,), "tls"),
    ((TimeoutError,), "timeout"),
    ((ValueError,), "invalid_request"),
)


def parse_retry_after(header: str | None) -> float:
    """Seconds; the header is a number or a date. 0 if it is missing or malformed."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0
    if timezone.is_naive(at):
        return 0
    return max(0.0, (at - timezone.now()).total_seconds())
