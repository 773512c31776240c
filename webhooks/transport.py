"""The only module that sends HTTP. One POST: no proxy, no redirect, no cookie, bounded in time and in bytes read.

The connection resolves the host itself, keeps the addresses that webhooks.addresses lets through, and connects to those, so
that nothing can change between the check and the use. TLS names stay those of the URL.
"""

import contextlib
import socket
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, SSLError
from urllib3.poolmanager import PoolManager

from .addresses import BlockedAddress, open_addresses

CONNECT_SECONDS = 3
TOTAL_SECONDS = 15
READ_BYTES = 64 * 1024
KEPT_BYTES = 4 * 1024
GONE = 410


@dataclass(frozen=True)
class Answer:
    """What came of one POST. `error` is a class of failure, empty on 2xx; `duration` in seconds."""

    status: int | None
    error: str
    text: str
    duration: float
    retry_after: str | None = None

    @property
    def is_success(self) -> bool:
        return not self.error


class Deadline:
    """Cuts the connection when the time is over, wherever it hangs: handshake, header or body that drips."""

    def __init__(self, seconds: float):
        self.end = time.monotonic() + seconds
        self.passed = False
        self._cord: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_) -> None:
        self._timer.cancel()
        self._let_go()

    def hold(self, connection: socket.socket) -> None:
        """Keep a second handle: TLS takes the first one over. Cut at once what was connected to after the time was over."""
        self._let_go()
        with self._lock:
            self._cord = connection.dup()
        if self.passed:
            self._cut()

    def left(self) -> float:
        return max(0.001, self.end - time.monotonic())

    def _let_go(self) -> None:
        with self._lock:
            if self._cord:
                self._cord.close()
            self._cord = None

    def _cut(self) -> None:
        self.passed = True
        with self._lock, contextlib.suppress(OSError):
            if self._cord:
                self._cord.shutdown(socket.SHUT_RDWR)


_deadline: ContextVar[Deadline] = ContextVar("deadline")


class Checked:
    """A connection that goes to checked addresses only, and can be cut."""

    def _new_conn(self) -> socket.socket:
        deadline = _deadline.get()
        try:
            addresses = open_addresses(self.host, self.port)  # type: ignore[attr-defined]
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore
        for address in addresses:
            with contextlib.suppress(OSError):
                connection = socket.create_connection(
                    (str(address), self.port), min(CONNECT_SECONDS, deadline.left())
                )  # type: ignore[attr-defined]
                # Header and body are two writes; without this the second waits for an acknowledgement of the first.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                deadline.hold(connection)
                return connection
        raise NewConnectionError(
            self, f"No connection to {', '.join(map(str, addresses))} within {CONNECT_SECONDS} s."
        )  # type: ignore


class CheckedHTTP(Checked, HTTPConnection):
    pass


class CheckedHTTPS(Checked, HTTPSConnection):
    pass


class HTTPPool(HTTPConnectionPool):
    ConnectionCls = CheckedHTTP


class HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = CheckedHTTPS


class CheckedAdapter(HTTPAdapter):
    def init_poolmanager(self, connections, maxsize, block=False, **kwargs) -> None:
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
    """Never raises for what the far side does."""
    began = time.monotonic()
    with Deadline(seconds) as deadline, session() as client:
        _deadline.set(deadline)
        try:
            status, text, retry_after = _exchange(client, url, body, headers, seconds)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            failure = "timeout" if deadline.passed else _class_of(error)
            return Answer(None, failure, str(error)[:KEPT_BYTES], time.monotonic() - began)
    if deadline.passed:  # a header that was cut looks like one that ended
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
    """The beginning of the body. One that breaks off does not unsay the status that came before it."""
    try:
        # Not decoded: a small body may be a large one compressed.
        read = response.raw.read(READ_BYTES, decode_content=False)
    except (HTTPError, OSError) as error:
        return str(error)[:KEPT_BYTES]
    return read[:KEPT_BYTES].decode("utf-8", "replace").replace("\x00", "")


def _error_of(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "redirect" if 300 <= status < 400 else "http_status"


def _class_of(error: BaseException) -> str:
    causes = list(_causes(error))
    for kind, name in _CLASSES:
        if any(isinstance(cause, kind) for cause in causes):
            return name
    return "connection"


_CLASSES = (
    (BlockedAddress, "blocked_address"),
    ((NameResolutionError, socket.gaierror), "name_resolution"),
    ((SSLError, requests.exceptions.SSLError), "tls"),
    ((requests.exceptions.Timeout, TimeoutError), "timeout"),
    ((requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, ValueError), "invalid_request"),
)


def _causes(error: BaseException | None):
    """An error and what it was made of: requests and urllib3 wrap each other's."""
    seen: set[int] = set()
    waiting = [error]
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
