"""A real consumer: an HTTP server on loopback that keeps what it is sent."""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook as Verifier


@dataclass
class Got:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)

    def verified_by(self, secret: str) -> Any:
        """The body, if the signature is right; else it raises."""
        return Verifier(secret).verify(self.raw, self.headers)


@dataclass
class Receiver:
    """Answers with the next of `statuses`, else 200, after `delay` seconds and `wait_for`, with `headers` and
    `answer`.
    """

    statuses: deque[int] = field(default_factory=deque)
    delay: float = 0
    wait_for: threading.Event | None = None
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b"thanks"
    got: list[Got] = field(default_factory=list)
    host: str = "127.0.0.1"

    def __enter__(self) -> "Receiver":
        self._server = ThreadingHTTPServer((self.host, 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self._server.server_port}/hook"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.body for request in self.got]

    @property
    def actions(self) -> list[str]:
        return sorted(body["action"] for body in self.bodies)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(Got(self.path, {k.lower(): v for k, v in self.headers.items()}, raw))
                status = receiver.statuses.popleft() if receiver.statuses else 200
                time.sleep(receiver.delay)
                if receiver.wait_for:
                    receiver.wait_for.wait(30)
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(receiver.answer)))
                self.end_headers()
                self.wfile.write(receiver.answer)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
