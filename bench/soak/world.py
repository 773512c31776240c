"""What the people of a soak know in common, and how they send requests."""

import random
import re
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import requests

NUMBER = re.compile(r"\d+|[0-9a-f-]{36}")
TIMEOUT_SECONDS = 60
KEPT = 400  # ids of a kind: more would be choosing among what is over
BODIES = 40  # of failures


@dataclass
class World:
    """Ids that anybody has seen, by kind; the answers so far; and the reviews that somebody was promised."""

    base_url: str
    people: list[dict[str, Any]]
    projects: list[int]
    ids: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    failures: list[dict[str, Any]] = field(default_factory=list)
    promised: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def learn(self, kind: str, pk: int | None) -> None:
        with self.lock:
            known = self.ids[kind]
            if pk and pk not in known[-50:]:
                known.append(pk)
                del known[:-KEPT]

    def promise(self, table: str, pk: int) -> None:
        """Somebody was told that this row exists: it may never vanish."""
        with self.lock:
            self.promised[table].add(pk)

    def fail(self, **what: Any) -> None:
        with self.lock:
            self.statuses["failures"] += 1
            if len(self.failures) < BODIES:
                self.failures.append(what)


class Person:
    """One thread; several may be tabs of the same person."""

    def __init__(self, world: World, account: dict[str, Any], seed: int):
        self.world, self.account = world, account
        self.kind, self.pk = account["kind"], account["id"]
        self.dice = random.Random(seed)
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {account['token']}"

    # --- choosing

    @property
    def project(self) -> int:
        return self.dice.choice(self.world.projects)

    def some(self, kind: str) -> int:
        """An id of this kind, rather a new one. 0, which nothing has, if there is none."""
        known = self.world.ids[kind]
        if not known:
            return 0
        recent = known[-8:] if self.dice.random() < 0.7 else known
        return self.dice.choice(recent)

    def learn_own(self, kind: str, pk: int | None) -> None:
        self.world.learn(f"{kind} of {self.pk}", pk)

    def own(self, kind: str) -> int:
        """Of what this person made, in any tab; now and then, of what anybody did."""
        return self.some(kind if self.chance(0.2) else f"{kind} of {self.pk}")

    def somebody(self, *kinds: str) -> dict[str, Any]:
        return self.dice.choice([one for one in self.world.people if not kinds or one["kind"] in kinds])

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    def result(self) -> list[dict[str, Any]]:
        value = {"choices": [self.dice.choice("ABC")]}
        return [
            {"id": "r1", "from_name": "letter", "to_name": "text", "type": "choices", "value": value}
            | {"origin": "manual"}
        ]

    # --- asking

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, params=params)

    def post(self, path: str, **body: Any) -> Any:
        return self.call("POST", path, json=body)

    def patch(self, path: str, **body: Any) -> Any:
        return self.call("PATCH", path, json=body)

    def delete(self, path: str, **body: Any) -> Any:
        return self.call("DELETE", path, json=body)

    def call(self, method: str, path: str, **about: Any) -> Any:
        """The body of a success, else None. Refusals are what happens; the server's failures are kept."""
        url, began = self.world.base_url + path, time.monotonic()
        try:
            answer = self.session.request(method, url, timeout=TIMEOUT_SECONDS, **about)
        except requests.RequestException as error:
            self.world.fail(request=f"{method} {path}", error=repr(error), after=time.monotonic() - began)
            return None
        self._note(method, path, answer, about)
        if not answer.ok:
            return None
        return answer.json() if "json" in answer.headers.get("Content-Type", "") else {}

    def _note(self, method: str, path: str, answer: requests.Response, about: dict[str, Any]) -> None:
        status = str(answer.status_code)
        if answer.status_code == 503 and '"busy"' in answer.text:
            status = "busy"
        elif answer.status_code >= 500:
            self.world.fail(
                request=f"{method} {path}", sent=about, status=status, body=answer.text[:400], by=self.kind
            )
        route = "/".join("#" if NUMBER.fullmatch(part) else part for part in path.split("/"))
        with self.world.lock:
            self.world.statuses[status] += 1
            self.world.routes[f"{method} {route}" if answer.ok else f"{method} {route} {status}"] += 1
