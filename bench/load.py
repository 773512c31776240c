"""The clients of `make bench`: one process with a connection per client. Each sends its next request when its
last one is answered, until there is none left or the time is over.

`python -m bench.load < SPEC` prints a Load as JSON. SPEC has one list of requests per client:
`{"port": n, "seconds": n or null, "clients": [[{"method", "path", "token", "body"}, …], …]}`.
"""

import json
import selectors
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from time import perf_counter, process_time
from typing import Any

ANSWER_SECONDS = 60
CHUNK = 2**18


@dataclass
class Load:
    """`cpu` is what the clients used, in seconds; `refused` counts answers other than 200, like `example`."""

    answered: int = 0
    refused: int = 0
    example: str = ""
    seconds: float = 0
    cpu: float = 0
    times: list[float] = field(default_factory=list)

    @property
    def throughput(self) -> tuple[int, float]:
        """How many were answered, and how many per second."""
        return self.answered, self.answered / self.seconds


class Client:
    def __init__(self, port: int, requests: list[dict[str, Any]]) -> None:
        self.requests: Iterator[bytes] = map(as_bytes, requests)
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send_next(self) -> bool:
        """False if there is nothing more to ask."""
        request = next(self.requests, None)
        if request is None:
            return False
        self.received, self.sent_at = b"", perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self) -> bytes | None:
        """The answer, once it is whole."""
        chunk = self.socket.recv(CHUNK)
        if not chunk:
            raise SystemExit("The server closed a connection that was to be kept.")
        self.received += chunk
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator or len(body) < content_length(head):
            return None
        return self.received


def content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise SystemExit("An answer without Content-Length cannot be measured.")


def as_bytes(request: dict[str, Any]) -> bytes:
    body = json.dumps(request["body"]).encode() if request.get("body") is not None else b""
    lines = [
        f"{request['method']} {request['path']} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body)}",
    ]
    if body:
        lines.append("Content-Type: application/json")
    if request.get("token"):
        lines.append(f"Authorization: Token {request['token']}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(port: int, clients: list[list[dict[str, Any]]], seconds: float | None = None) -> Load:
    load, selector = Load(), selectors.DefaultSelector()
    connected = [Client(port, requests) for requests in clients]
    began, cpu_before = perf_counter(), process_time()
    for client in connected:
        if client.send_next():
            selector.register(client.socket, selectors.EVENT_READ, client)
    while selector.get_map():
        ready = selector.select(ANSWER_SECONDS)
        if not ready:
            raise SystemExit(f"No answer within {ANSWER_SECONDS} seconds.")
        for key, _ in ready:
            answer = key.data.receive()
            if answer is None:
                continue
            note(load, answer, perf_counter() - key.data.sent_at)
            time_is_over = seconds is not None and perf_counter() - began > seconds
            if time_is_over or not key.data.send_next():
                selector.unregister(key.data.socket)
    load.seconds, load.cpu = perf_counter() - began, process_time() - cpu_before
    return load


def note(load: Load, answer: bytes, took: float) -> None:
    load.answered += 1
    load.times.append(took)
    if not answer.startswith(b"HTTP/1.1 200 "):
        load.refused += 1
        load.example = answer[-500:].decode(errors="replace")


def main() -> None:
    print(json.dumps(asdict(run(**json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
