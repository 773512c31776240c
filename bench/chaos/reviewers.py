"""Reviewers who decide over HTTP and believe only a 200. What else comes back, or nothing, they ask again."""

import http.client
import json
import random
import threading
from dataclasses import dataclass, field
from queue import Empty, Queue
from time import monotonic, sleep, time
from typing import Any

PATIENCE_SECONDS = 20
FIXED = [
    {
        "id": "r1",
        "from_name": "letter",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": ["C"]},
        "origin": "manual",
    }
]
ASKED: dict[str, dict[str, Any]] = {
    "accept": {},
    "reject": {"comment": "Look again", "reject_action": "remove"},
    "fix-and-accept": {"result": FIXED, "comment": "It is a C"},
}


@dataclass
class Acknowledged:
    """What a client was told: the annotation's review, after how many tries, and how long the last one took (seconds)."""

    annotation: int
    verdict: str
    review: int
    tries: int
    at: float
    seconds: float


@dataclass
class Deciders:
    """Decide each of `annotations` once; `rate` a second in all, or as fast as it goes. `poisoned` gets a comment that kills."""

    port: int
    tokens: list[str]
    annotations: list[int]
    seed: int
    threads: int = 6
    rate: float | None = None
    poisoned: int | None = None
    told: list[Acknowledged] = field(default_factory=list)
    refused: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        self._stop = threading.Event()
        self._waiting: Queue[tuple[int, int, str]] = Queue()
        for number, annotation in enumerate(self.annotations):
            verdict = (
                "accept"
                if annotation == self.poisoned
                else chance.choice(["accept", "accept", "reject", "fix-and-accept"])
            )
            self._waiting.put((number, annotation, verdict))

    def start(self) -> "Deciders":
        self._began = monotonic()
        self._threads = [
            threading.Thread(target=self._decide, args=(self.tokens[n % len(self.tokens)],), daemon=True)
            for n in range(self.threads)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Nothing new is decided from now on."""
        self._stop.set()

    @property
    def finished(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def settled(self) -> int:
        return len(self.told) + len(self.refused)

    def _decide(self, token: str) -> None:
        client = Client(self.port, token)
        while not self._stop.is_set():
            try:
                number, annotation, verdict = self._waiting.get_nowait()
            except Empty:
                return
            if self.rate:
                sleep(max(0.0, self._began + number / self.rate - monotonic()))
            self._insist(client, annotation, verdict)

    def _insist(self, client: "Client", annotation: int, verdict: str) -> None:
        body = ASKED[verdict] | ({"comment": "poison"} if annotation == self.poisoned else {})
        tries = 0
        while True:
            tries, began = tries + 1, monotonic()
            status, answer = client.post(f"/api/annotations/{annotation}/{verdict}/", body)
            took = monotonic() - began
            if status == 200:
                self.told.append(
                    Acknowledged(annotation, verdict, answer["review"]["id"], tries, time(), took)
                )
                return
            if 400 <= status < 500 and status not in (408, 429):
                self.refused.append((annotation, status, str(answer)[:200]))
                return
            sleep(0.1)


class Client:
    """One kept connection, opened again after any failure."""

    def __init__(self, port: int, token: str) -> None:
        self.port = port
        self.headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        self._open()

    def _open(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and body; (0, reason) when there was no whole answer."""
        return self.ask("POST", path, json.dumps(body or {}))

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, Any]:
        try:
            self._connection.request(method, path, body, self.headers)
            answer = self._connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            self._open()
            return 0, repr(error)
