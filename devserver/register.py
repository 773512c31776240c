"""A stand-in for the register that reports of audits are submitted to: an HTTP server with nothing behind.

`make run` starts it as a process of its own; tests start it as a thread. It answers as its script says, one
line for each request that follows, and else as the register does. Its page shows what it received.
"""

import argparse
import html
import json
import re
import socket
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

KEPT = 50
BODY_LIMIT = 2**20
HANG_SECONDS = 30  # longer than the sender waits
# What a line of the script may be, besides a status such as 503, or `429 60` with a Retry-After.
ACTS = {
    "hang": "no answer",
    "hang after headers": "200, its headers, and nothing more",
    "reset": "the connection is closed without an answer",
    "no id": "200 with something that is no id",
}
STATUS_LINE = re.compile(r"[2-5]\d\d( \d{1,6})?")
STATUSES = ("draft", "in review", "published")  # of a report, one more each time it is asked
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Stub register</title>
<meta name="viewport" content="width=device-width"><style>
:root {{ color-scheme: light dark }} textarea {{ width: 100%; box-sizing: border-box }}
body {{ font: 16px/1.5 system-ui; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
pre {{ overflow: auto; max-height: 24rem; border: 1px solid #8888; padding: 1rem }}
</style><h1>Stub register</h1>
<p>Stands in for the register that reports are submitted to. What it received is below, newest first.</p>
<form method="post" action="/script"><label for="script">Answers to the next requests, one a line: a status
such as <code>503</code>, <code>429 60</code> (Retry-After), {acts}. Else an id.</label>
<textarea id="script" name="script" rows="4">{script}</textarea><button>Set</button></form>
<h2>{count}</h2>{reports}</html>"""


@dataclass
class Received:
    """A report as it arrived. `register_id` is empty if it was not accepted."""

    headers: dict[str, str]
    raw: bytes
    answer: str
    register_id: str = ""
    times_asked: int = 0
    at: float = field(default_factory=time.time)

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Register:
    """`with Register() as register:` serves at register.url, in a thread."""

    def __init__(self, script: Iterable[str] = (), listener: socket.socket | None = None) -> None:
        self.script: deque[str] = deque(script)
        self.reply = ""  # instead of the words of the script
        self.next_id = ""
        self.received: list[Received] = []
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self), bind_and_activate=False)
        self.server.daemon_threads = True
        if listener:
            self.server.socket.close()
            self.server.socket = listener
            self.server.server_address = listener.getsockname()
        else:
            self.server.server_bind()
            self.server.server_activate()

    def __enter__(self) -> "Register":
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    @property
    def answers(self) -> list[str]:
        return [one.answer for one in self.received]

    def receive(self, headers: dict[str, str], raw: bytes) -> Received:
        with self.lock:
            answer = self.script.popleft() if self.script else "200"
            received = Received(headers, raw, answer)
            if answer in ("200", "201"):
                received.register_id = self.next_id or str(uuid.uuid4())
            self.received = [*self.received, received][-KEPT:]
        return received

    def status_of(self, register_id: str) -> str | None:
        with self.lock:
            found = next((one for one in self.received if one.register_id == register_id), None)
            if found is None:
                return None
            found.times_asked += 1
            return STATUSES[min(found.times_asked, len(STATUSES)) - 1]

    def page(self) -> str:
        reports = "".join(_shown(one) for one in reversed(self.received))
        acts = ", ".join(f"<code>{act}</code> ({what})" for act, what in ACTS.items())
        script = html.escape("\n".join(self.script))
        return PAGE.format(
            acts=acts,
            script=script,
            count=f"{len(self.received)} report{'s' * (len(self.received) != 1)}",
            reports=reports,
        )


def _shown(one: Received) -> str:
    try:
        text = json.dumps(one.body, indent=2, ensure_ascii=False)
    except ValueError:
        text = one.raw.decode("utf-8", "replace")
    when = time.strftime("%H:%M:%S", time.localtime(one.at))
    answer = f"{one.answer} {one.register_id}".strip()
    return f"<h3>{when}: answered {html.escape(answer)}</h3><pre>{html.escape(text)}</pre>"


def parse_script(text: str) -> list[str]:
    """Lines that mean nothing are left out."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line in ACTS or STATUS_LINE.fullmatch(line)]


def _handler(register: Register) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._answer(200, register.page(), "text/html; charset=utf-8")
            elif found := re.fullmatch(r"/review/([0-9a-f-]{36})/status", self.path):
                status = register.status_of(found[1])
                self._answer(200 if status else 404, json.dumps(status or "unknown id"))
            else:
                self._answer(404, '"not found"')

        def do_POST(self) -> None:
            raw = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_LIMIT))
            if self.path == "/script":
                register.script = deque(parse_script(parse_qs(raw.decode()).get("script", [""])[0]))
                self._answer(303, "", location="/")
            elif self.path == "/submit":
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._act(register.receive(headers, raw))
            else:
                self._answer(404, '"not found"')

        def _act(self, received: Received) -> None:
            act, _, retry_after = received.answer.partition(" ")
            if received.answer in ("hang", "hang after headers"):
                if received.answer != "hang":
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                    self.wfile.write(b"Content-Length: 38\r\n\r\n")
                    self.wfile.flush()
                register.is_over.wait(HANG_SECONDS)
            elif received.answer == "no id":
                self._answer(200, '{"message": "thank you"}')
            elif act.isdecimal():
                said = received.register_id or register.reply or f"the script says {act}"
                self._answer(int(act), json.dumps(said), retry_after=retry_after)

        def _answer(self, status: int, text: str, kind: str = "application/json", **headers: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                if value:
                    self.send_header(name.replace("_", "-").title(), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, text: str, *values: Any) -> None:
            """Only of the process of its own: a line for each request, without its headers."""
            if __name__ == "__main__":
                print(text % values, file=sys.stderr, flush=True)

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="A listening socket that is inherited.")
    register = Register(listener=socket.socket(fileno=parser.parse_args().fd))
    register.server.serve_forever()


if __name__ == "__main__":
    main()
