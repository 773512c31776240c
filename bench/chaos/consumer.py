"""The consumers: one process, never killed, with an endpoint at each `/hook/NAME` and a line per arrival.

`python -m bench.chaos.consumer FD LOG SEED`. `POST /mode/NAME` with JSON sets how an endpoint behaves (Mode).
A line of LOG: `{"endpoint", "id", "digest", "review", "at", "done", "outcome", "verified"}`, times in seconds
of the epoch.
"""

import hashlib
import json
import os
import random
import socket
import struct
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

LONG_SECONDS = 40
HUGE_BYTES = 200 * 2**20


@dataclass
class Mode:
    """`fail` and `drop` are chances; `kind` is a status or a way to misbehave; `delay` in seconds."""

    kind: str = "200"
    fail: float = 0
    drop: float = 0
    delay: float = 0
    secret: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Consumer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listener: socket.socket, log: str, seed: int) -> None:
        super().__init__(listener.getsockname()[:2], Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.modes: dict[str, Mode] = defaultdict(Mode)
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(self, line: dict[str, Any]) -> None:
        os.write(self.log, json.dumps(line).encode() + b"\n")

    def random(self) -> float:
        with self.lock:
            return self.chance.random()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: senders that are killed while they send are what the trial is about."""


class Handler(BaseHTTPRequestHandler):
    server: Consumer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        began = time.time()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, target, name = self.path.split("/", 2)
        if target == "mode":
            self.server.modes[name] = Mode(**json.loads(body))
            return self.answer(200)
        mode = self.server.modes[name]
        line = {
            "endpoint": name,
            "at": began,
            "verified": self.is_verified(mode, body),
            **self.describe(body),
        }
        time.sleep(mode.delay)
        outcome = self.behave(mode, line["verified"])
        self.server.note(line | {"outcome": outcome, "done": time.time()})
        return None

    def describe(self, body: bytes) -> dict[str, Any]:
        review = json.loads(body).get("review") or {}
        return {
            "id": self.headers["webhook-id"],
            "digest": hashlib.sha256(body).hexdigest()[:16],
            "review": review.get("id"),
        }

    def is_verified(self, mode: Mode, body: bytes) -> bool | None:
        if not mode.secret:
            return None
        try:
            Verifier(mode.secret).verify(body, {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError:
            return False
        return True

    def behave(self, mode: Mode, verified: bool | None) -> str:
        """Answer, or not; what was done. Only "ok" means received and acknowledged."""
        kind = self.choose_kind(mode, verified)
        try:
            if kind.isdecimal():
                self.answer(int(kind), mode.headers)
                return "ok" if kind == "200" else kind
            getattr(self, kind)()
            self.close_connection = True
            return kind
        except OSError:
            self.close_connection = True
            return "cut"

    def choose_kind(self, mode: Mode, verified: bool | None) -> str:
        chance = self.server.random()
        if verified is False:
            return "400"
        if chance < mode.fail:
            return "500"
        return "hang_up" if chance < mode.fail + mode.drop else mode.kind

    def answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    # --- ways to misbehave ------------------------------------------------------------------------

    def hang_up(self) -> None:
        self.close_connection = True

    empty = hang_up

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def hang(self) -> None:
        time.sleep(LONG_SECONDS)

    def huge(self) -> None:
        self.send_response(500)
        self.send_header("Content-Length", str(HUGE_BYTES))
        self.end_headers()
        for _ in range(HUGE_BYTES // 2**16):
            self.wfile.write(b"x" * 2**16)

    def drip_body(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self._drip(b"x")

    def drip_header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self._drip(b"X-Slow: 1\r\n")

    def _drip(self, drop: bytes) -> None:
        end = time.monotonic() + LONG_SECONDS
        while time.monotonic() < end:
            self.wfile.write(drop)
            self.wfile.flush()
            time.sleep(0.5)

    def log_message(self, *_: Any) -> None:
        pass


def main() -> None:
    listener = socket.socket(fileno=int(sys.argv[1]))
    Consumer(listener, sys.argv[2], int(sys.argv[3])).serve_forever(0.05)


if __name__ == "__main__":
    main()
