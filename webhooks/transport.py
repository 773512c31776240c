"""The only module that sends HTTP.

One POST: no proxy, no redirect, no cookie, limited in time and in bytes read.

The connection resolves the host itself and connects to an address that webhooks.addresses allows, so that DNS
cannot change between the check and the connect. TLS verifies the host name of the URL.
"""

import contextlib
import socket
import ssl
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException

import certifi
from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

from .addresses import BlockedAddress, allowed_addresses

CONNECT_SECONDS = 3
TOTAL_SECONDS = 15
READ_BYTES = 64 * 1024
KEPT_BYTES = 4 * 1024
GONE = 410


@dataclass(frozen=True)
class Answer:
    """The result of one POST. `error` is the kind of failure, empty on 2xx; `duration` is in seconds."""

    status: int | None
    error: str
    text: str
    duration: float
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return not self.error


class Deadline:
    """Shuts the connection down when time is up, wherever it hangs: handshake, header or body."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds
        self.passed = False
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


_deadline: ContextVar[Deadline] = ContextVar("deadline")


class CheckedHTTP(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class CheckedHTTPS(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


def _connect(connection: HTTPConnection) -> socket.socket:
    """Connect to the first allowed address that answers, under the deadline of this thread."""
    deadline = _deadline.get()
    addresses = allowed_addresses(connection.host, connection.port)
    for address in addresses:
        with contextlib.suppress(OSError):
            timeout = min(CONNECT_SECONDS, deadline.remaining())
            found = socket.create_connection((str(address), connection.port), timeout)
            # Header and body are two writes; else the second would wait for an acknowledgement of the first.
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            deadline.watch(found)
            return found
    names = ", ".join(map(str, addresses))
    raise ConnectionError(f"No connection to {names} within {CONNECT_SECONDS} s.")


def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float = TOTAL_SECONDS) -> Answer:
    """Never raises for what the consumer does."""
    began = time.monotonic()
    with Deadline(seconds) as deadline:
        _deadline.set(deadline)
        try:
            status, text, retry_after = _exchange(url, body, headers, deadline)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            failure = "timeout" if deadline.passed else _kind_of(error)
            return Answer(None, failure, str(error)[:KEPT_BYTES], time.monotonic() - began)
    if deadline.passed:  # a header that was cut off looks like a complete one
        return Answer(None, "timeout", f"No complete answer within {seconds} s.", time.monotonic() - began)
    return Answer(status, _error_of(status), text, time.monotonic() - began, retry_after)


def _exchange(
    url: str, body: bytes, headers: dict[str, str], deadline: Deadline
) -> tuple[int, str, str | None]:
    parts = parse_url(url)
    with contextlib.closing(_connection(parts)) as connection:
        connection.connect()
        connection.sock.settimeout(deadline.remaining())
        connection.request("POST", parts.request_uri, body, headers, preload_content=False)
        response = connection.getresponse()
        return response.status, _text_of(response), response.headers.get("Retry-After")


def _connection(parts: Url) -> HTTPConnection:
    """Without urllib3's pools: those add retries, redirects and proxies, which would have to be disabled."""
    host = (parts.host or "").strip("[]")
    if parts.scheme == "http":
        return CheckedHTTP(host, parts.port or 80, timeout=CONNECT_SECONDS)
    if parts.scheme == "https":
        return CheckedHTTPS(host, parts.port or 443, timeout=CONNECT_SECONDS, ca_certs=certifi.where())
    raise LocationParseError(str(parts))


def _text_of(response: HTTPResponse) -> str:
    """The beginning of the body. If it breaks off, the status that came before it still counts."""
    try:
        # Not decoded: a small body may decompress to a large one.
        read = response.read(READ_BYTES, decode_content=False)
    except (HTTPError, OSError) as error:
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
