"""Reviewers who decide over HTTP and believe only a 200: after any other answer, or none, they ask again."""

import http.client
import json
import random
import threading
from dataclasses import dataclass, field
from queue import Empty, Queue
from time import monotonic, sleep, time
from typing import Any

TIMEOUT_SECONDS = 20
# Statuses that may be different the next time, beside those of the server's own failures.
TEMPORARY = (408, 429)
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
BODIES: dict[str, dict[str, Any]] = {
    "accept": {},
    "reject": {"comment": "Look again", "reject_action": "remove"},
    "fix-and-accept": {"result": FIXED, "comment": "It is a C"},
}


@dataclass
class Acknowledged:
    """A decision answered with 200: its review, the number of tries, and how long the last took (seconds)."""

    annotation: int
    verdict: str
    review: int
    tries: int
    at: float
    seconds: float


@dataclass
class Reviewers:
    """Decide each of `annotations` once; `rate` a second in all, or as fast as they can. The comment on
    `poisoned` kills whoever delivers it."""

    port: int
    tokens: list[str]
    annotations: list[int]
    seed: int
    threads: int = 6
    rate: float | None = None
    poisoned: int | None = None
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        self._todo: Queue[tuple[int, int, str]] = Queue()
        for number, annotation in enumerate(self.annotations):
            verdict = chance.choice(["accept", "accept", "reject", "fix-and-accept"])
            self._todo.put((number, annotation, "accept" if annotation == self.poisoned else verdict))

    def start(self) -> "Reviewers":
        self._began = monotonic()
        tokens = [self.tokens[n % len(self.tokens)] for n in range(self.threads)]
        self._threads = [threading.Thread(target=self._work, args=(token,), daemon=True) for token in tokens]
        for thread in self._threads:
            thread.start()
        return self

    @property
    def finished(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    @property
    def decided(self) -> int:
        return len(self.acknowledged) + len(self.refused)

    def _work(self, token: str) -> None:
        client = Client(self.port, token)
        while True:
            try:
                number, annotation, verdict = self._todo.get_nowait()
            except Empty:
                return
            if self.rate:
                sleep(max(0.0, self._began + number / self.rate - monotonic()))
            self._decide(client, annotation, verdict)

    def _decide(self, client: "Client", annotation: int, verdict: str) -> None:
        body = BODIES[verdict] | ({"comment": "poison"} if annotation == self.poisoned else {})
        tries = 0
        while True:
            tries, began = tries + 1, monotonic()
            status, answer = client.post(f"/api/annotations/{annotation}/{verdict}/", body)
            took = monotonic() - began
            if status == 200:
                review = answer["review"]["id"]
                self.acknowledged.append(Acknowledged(annotation, verdict, review, tries, time(), took))
                return
            if 400 <= status < 500 and status not in TEMPORARY:
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
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)

    def post(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and body; (0, reason) when there was no whole answer."""
        try:
            self._connection.request("POST", path, json.dumps(body or {}), self.headers)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            self._open()
            return 0, repr(error)
