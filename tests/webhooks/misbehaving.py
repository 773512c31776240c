"""Consumers that misbehave on the wire, and what a POST to each comes to."""

import contextlib
import datetime
import os
import re
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.transport import post

Talk = Callable[[socket.socket], Any]


class Raw:
    """A server that does with the connection whatever `talk` does."""

    def __init__(self, talk: Talk, *, scheme: str = "http"):
        self.talk, self.scheme = talk, scheme

    def __enter__(self) -> "Raw":
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.listener.getsockname()[1]}/"

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        try:
            if self.scheme == "http":
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


def says(text: bytes) -> Talk:
    return lambda connection: connection.sendall(text)


def answers(status: int, *headers: str) -> Talk:
    lines = [f"HTTP/1.1 {status} Said so", "Content-Length: 0", *headers, "", ""]
    return says("\r\n".join(lines).encode())


def drips(first: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            time.sleep(0.1)
            connection.sendall(b"a")

    return talk


def resets(first: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(first)
        time.sleep(0.2)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    return talk


def floods(megabytes: int) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {megabytes * 2**20}\r\n\r\n".encode())
        chunk = b"x" * 2**16
        for _ in range(megabytes * 16):
            connection.sendall(chunk)

    return talk


def with_a_certificate_of_its_own(connection: socket.socket) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(ssl.SSLError):
        behind_tls(self_signed(Path(folder), "127.0.0.1"), answers(200))(connection)


def behind_tls(certificate: Path, talk: Talk) -> Talk:
    def handshake(connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(65536)
            talk(secured)
            Raw._linger(secured)

    return handshake


def self_signed(folder: Path, host: str) -> Path:
    """Key and certificate of `host`, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    for extension, critical in (
        (x509.SubjectAlternativeName([x509.DNSName(host)]), False),
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical)
    path = folder / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


# Name → what the consumer does, the status and the class of error the attempt is logged with.
FAULTS: dict[str, tuple[Talk, int | None, str]] = {
    "500": (answers(500), 500, "http_status"),
    "404": (answers(404), 404, "http_status"),
    "410": (answers(410), 410, "http_status"),
    "429 with Retry-After": (answers(429, "Retry-After: 120"), 429, "http_status"),
    "301": (answers(301, "Location: http://127.0.0.1:9/"), 301, "redirect"),
    "302": (answers(302, "Location: http://127.0.0.1:9/"), 302, "redirect"),
    "307": (answers(307, "Location: http://127.0.0.1:9/"), 307, "redirect"),
    "308": (answers(308, "Location: http://127.0.0.1:9/"), 308, "redirect"),
    "304": (answers(304), 304, "redirect"),
    "resets": (resets(b""), None, "connection"),
    "resets within the header": (resets(b"HTTP/1.1 200 OK\r\nX-"), None, "connection"),
    "resets within the body": (resets(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort"), 200, ""),
    "200 and nothing else": (answers(200), 200, ""),
    "hangs up": (lambda connection: None, None, "connection"),
    "talks nonsense": (says(b"\x00 not HTTP \r\n\r\n"), None, "connection"),
    "200 MB": (floods(200), 200, ""),
    "hangs": (lambda connection: time.sleep(30), None, "timeout"),
    "drips a header": (drips(b"HTTP/1.1 200 OK\r\nX-Slow: "), None, "timeout"),
    "drips a body": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), None, "timeout"),
    "drips within the TLS handshake": (drips(b"\x16\x03\x03\x40\x00"), None, "timeout"),
    "plain HTTP behind https": (says(b"HTTP/1.1 200 OK\r\n\r\n"), None, "tls"),
    "a certificate nobody vouches for": (with_a_certificate_of_its_own, None, "tls"),
}
BEHIND_TLS = ("drips within the TLS handshake", "plain HTTP behind https", "a certificate nobody vouches for")


def consumer(fault: str) -> Raw:
    return Raw(FAULTS[fault][0], scheme="https" if fault in BEHIND_TLS else "http")


def peak_of_memory(doing: Callable[[], Any]) -> float:
    """MB by which this process grew at most."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident("VmRSS")
    doing()
    return _resident("VmHWM") - before


def _resident(line: str) -> float:
    found = re.search(rf"^{line}:\s+(\d+) kB", Path(f"/proc/{os.getpid()}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) / 1024


def f4(*, seconds: float = 15) -> dict[str, Any]:
    """One attempt at each. Needs loopback open.

    `passed`: logged as it should, none over 16 s, less than 20 MB grown.
    """
    found = {}

    def all_of_them() -> None:
        for fault in FAULTS:
            with consumer(fault) as server:
                answer = post(server.url, b"{}", {}, seconds=seconds)
            found[fault] = (answer.status, answer.error, round(answer.duration, 2))

    grown = peak_of_memory(all_of_them)
    wrong = [fault for fault, (status, error, _) in found.items() if (status, error) != FAULTS[fault][1:]]
    longest = max(duration for _, _, duration in found.values())
    passed = not wrong and longest <= seconds + 1 and grown < 20
    return {
        "fault": "F4",
        "consumers": len(found),
        "wrong": wrong,
        "longest_seconds": longest,
        "memory_mb": round(grown, 1),
        "passed": passed,
    }
