"""The only module that sends HTTP.

One POST: no proxy, no redirect, no cookie, limited in time and in bytes read.

The connection resolves the host itself and connects to an address that webhooks.addresses allows, so that DNS
cannot change between the check and the connect. TLS verifies the host name of the URL.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, SSLError
from urllib3.poolmanager import PoolManager

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
    try:
        addresses = allowed_addresses(connection.host, connection.port or connection.default_port)
    except (socket.gaierror, UnicodeError) as error:
        raise NameResolutionError(connection.host, connection, error) from error  # type: ignore[arg-type]
    for address in addresses:
        with contextlib.suppress(OSError):
            timeout = min(CONNECT_SECONDS, deadline.remaining())
            found = socket.create_connection((str(address), connection.port), timeout)
            # Header and body are two writes; without this the second waits for an acknowledgement of the
            # first.
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            deadline.watch(found)
            return found
    names = ", ".join(map(str, addresses))
    raise NewConnectionError(connection, f"No connection to {names} within {CONNECT_SECONDS} s.")


class HTTPPool(HTTPConnectionPool):
    ConnectionCls = CheckedHTTP


class HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = CheckedHTTPS


class CheckedAdapter(HTTPAdapter):
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": HTTPPool, "https": HTTPSPool}


def session() -> requests.Session:
    fresh = requests.Session()
    fresh.trust_env = False
    fresh.headers = requests.structures.CaseInsensitiveDict()
    for scheme in ("http://", "https://"):
        fresh.mount(scheme, CheckedAdapter(max_retries=0))
    return fresh


def post(url: str, body: bytes, headers: dict[str, str], *, seconds: float = TOTAL_SECONDS) -> Answer:
    """Never raises for what the consumer does."""
    began = time.monotonic()
    with Deadline(seconds) as deadline, session() as client:
        _deadline.set(deadline)
        try:
            status, text, retry_after = _exchange(client, url, body, headers, seconds)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            failure = "timeout" if deadline.passed else _kind_of(error)
            return Answer(None, failure, str(error)[:KEPT_BYTES], time.monotonic() - began)
    if deadline.passed:  # a header that was cut off looks like a complete one
        return Answer(None, "timeout", f"No complete answer within {seconds} s.", time.monotonic() - began)
    return Answer(status, _error_of(status), text, time.monotonic() - began, retry_after)


def _exchange(
    client: requests.Session, url: str, body: bytes, headers: dict[str, str], seconds: float
) -> tuple[int, str, str | None]:
    waits = (CONNECT_SECONDS, seconds)
    with client.post(
        url, data=body, headers=headers, timeout=waits, allow_redirects=False, stream=True
    ) as response:
        return response.status_code, _text_of(response), response.headers.get("Retry-After")


def _text_of(response: requests.Response) -> str:
    """The beginning of the body. If it breaks off, the status that came before it still counts."""
    try:
        # Not decoded: a small body may decompress to a large one.
        read = response.raw.read(READ_BYTES, decode_content=False)
    except (HTTPError, OSError) as error:
        return str(error)[:KEPT_BYTES]
    return read[:KEPT_BYTES].decode("utf-8", "replace").replace("\x00", "")


def _error_of(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirect" if 300 <= status < 400 else "http_status"


def _kind_of(error: BaseException) -> str:
    causes = list(_causes(error))
    for kind, name in _KINDS:
        if any(isinstance(cause, kind) for cause in causes):
            return name
    return "connection"


_KINDS = (
    (BlockedAddress, "blocked_address"),
    ((NameResolutionError, socket.gaierror), "name_resolution"),
    ((SSLError, requests.exceptions.SSLError), "tls"),
    ((requests.exceptions.Timeout, TimeoutError), "timeout"),
    ((requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, ValueError), "invalid_request"),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and everything it wraps: requests and urllib3 wrap each other's errors."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            waiting += [
                current.__cause__,
                current.__context__,
                getattr(current, "reason", None),
                *current.args,
            ]
