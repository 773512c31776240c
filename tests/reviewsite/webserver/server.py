"""A web server of its own, and clients that are slow on purpose."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

HALF_OPEN = {
    "nothing": b"",
    "half a request line": b"GET /hea",
    "half a head": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Any",
    "half a body": b"POST /api/projects/1/import HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 1000\r\n\r\nhalf",
    "a body announced with Expect": b"POST /api/projects/1/import HTTP/1.1\r\nHost: localhost\r\n"
    b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n",
    "a chunked body without end": b"POST /health HTTP/1.1\r\nHost: localhost\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\nhal",
    "an answer that nobody reads": b"GET /big?12 HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


class Address:
    """Where something serves HTTP."""

    address: tuple[str, int]

    def connect(self, *, sent: bytes = b"", seconds: float = 15) -> socket.socket:
        client = socket.create_connection(self.address, timeout=seconds)
        client.sendall(sent)
        return client

    def get(self, path: str, *, seconds: float = 15) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self.address, timeout=seconds)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Host": "localhost"})
            answer = connection.getresponse()
            return answer.status, answer.read()

    def upload(self, *, length: int, headers: str = "") -> socket.socket:
        """The head of an upload to an address that answers with the SHA-256 of its body."""
        head = f"POST /api/projects/1/import HTTP/1.1\r\nHost: localhost\r\n{headers}"
        return self.connect(sent=f"{head}Content-Length: {length}\r\n\r\n".encode())

    def p95(self, *, requests: int = 40) -> float:
        times = []
        for _ in range(requests):
            started = time.monotonic()
            assert self.get("/health")[0] == 200
            times.append(time.monotonic() - started)
        return sorted(times)[int(0.95 * requests)]


class Server(Address):
    """gunicorn as in production, with the few addresses of app.py."""

    def __init__(self, folder: Path) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = listener.getsockname()
        self.log = folder / "web.log"
        options = ["-c", "python:reviewsite.gunicorn_conf", "-b", f"fd://{listener.fileno()}"]
        env = os.environ | {
            "DJANGO_SETTINGS_MODULE": "devserver.settings",
            "SECRET_KEY": "only for this test",
        }
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *options, "tests.reviewsite.webserver.app"],
                cwd=settings.BASE_DIR,
                env=env,
                stdout=out,
                stderr=out,
                pass_fds=[listener.fileno()],
            )
        listener.close()
        assert self.get("/health", seconds=60)[0] == 200

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def read(client: socket.socket) -> bytes:
    """Until the server closes."""
    received = []
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(2**16):
            received.append(data)
    return b"".join(received)


@contextlib.contextmanager
def trickle(clients: list[socket.socket], data: bytes) -> Iterator[None]:
    """Send a byte on each of them ten times a second, meanwhile."""
    over = threading.Event()

    def send() -> None:
        for byte in data:
            if over.wait(0.1):
                return
            for client in clients:
                with contextlib.suppress(OSError):
                    client.send(bytes([byte]))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
