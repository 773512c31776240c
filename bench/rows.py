"""The rows of `make bench`, and how each of them is measured on a running site."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import Any

from devserver.supervise import ROOT, print_status

from . import floors
from .floors import CLIENTS
from .load import Load
from .site import ThrowAwaySite
from .statements import statements_of, typical

# More requests than are answered for one client in a round.
MANY = 10_000
SETTLE_SECONDS = 10


WARM_UP_REQUESTS = 10
# Whose CPU time is noted.
SERVICES = ("web", "postgres")

# How many were answered, and how many per second.
Throughput = tuple[int, float]


@dataclass(frozen=True)
class Size:
    """`seconds` is how long each kind of request is sent in a round. Then, per client and round: accepts over
    HTTP (at most), accepts, reads and pages by pgbench, and bulk requests of `selection` annotations. Of
    `counted` requests of a kind the statements are counted. Without `workers` there is a web server only."""

    rounds: int
    seconds: float
    accepts: int
    floor_accepts: int
    floor_reads: int
    floor_pages: int
    bulk: int
    selection: int
    counted: int = 10
    workers: bool = True

    @property
    def annotations(self) -> int:
        """So many are decided, by one way or another."""
        in_rounds = self.rounds * (self.accepts + self.floor_accepts + self.bulk * self.selection)
        return CLIENTS * (1 + in_rounds) + self.counted


FULL = Size(
    rounds=5,
    seconds=2,
    accepts=400,
    floor_accepts=750,
    floor_reads=3000,
    floor_pages=75,
    bulk=1,
    selection=1000,
)
SMOKE = Size(
    rounds=1,
    seconds=0.1,
    accepts=5,
    floor_accepts=5,
    floor_reads=5,
    floor_pages=1,
    bulk=1,
    selection=5,
    counted=2,
    workers=False,
)


@dataclass
class Row:
    """`aim` is the least ratio to the floor or, without a floor, the greatest figure."""

    row: str
    figure: float
    unit: str
    floor: float | None = None
    ratio: float | None = None
    aim: float | None = None
    met: bool | None = None

    @classmethod
    def with_floor(
        cls, row: str, figure: float, unit: str, floor: float, *, aim: float | None = None
    ) -> "Row":
        ratio = figure / floor
        met = None if aim is None else ratio >= aim
        return cls(row, round(figure, 1), unit, round(floor, 1), round(ratio, 4), aim, met)

    @classmethod
    def at_most(cls, row: str, figure: float, unit: str, *, aim: float) -> "Row":
        return cls(row, figure, unit, aim=aim, met=figure <= aim)


class Bench:
    """Measures each row and its floor in each round, so that whatever else the machine does slows both."""

    def __init__(self, site: ThrowAwaySite, data: dict[str, Any], size: Size) -> None:
        self.site, self.size = site, size
        self.project, self.reviewer, self.tokens = data["project"], data["reviewers"][0], data["tokens"]
        self.annotations: list[int] = data["annotations"]
        first, last = self.annotations[0], self.annotations[-1]
        assert last - first + 1 == len(self.annotations), "the floors count on ids without gaps"
        self.undecided: Iterator[int] = iter(self.annotations)
        self.figures: dict[str, list[float]] = {}
        self.cpu: dict[str, list[list[float]]] = {}
        self.loads: list[Load] = []
        self.statements: dict[str, list[str]] = {}

    def run(self) -> list[Row]:
        self.load([[self.accept(pk, client)] for client, pk in enumerate(self.take(CLIENTS))])
        for _ in range(self.size.rounds):
            self.measure_round()
        self.statements = self.count_statements()
        return self.rows()

    def measure_round(self) -> None:
        first, last = self.annotations[0], self.annotations[-1]
        page = f"/api/tasks/?page=1&page_size=100&project={self.project}&fields=all"
        self.note("accept floor", self.accept_floor)
        self.note("accept", self.accepts)
        self.note("bulk", self.bulk)
        self.note("read floor", lambda: self.floor("read", self.size.floor_reads, first=first, last=last))
        self.note("read", self.reads)
        self.note("health", lambda: self.repeat("/health", [None] * CLIENTS))
        self.note("list floor", lambda: self.floor("list", self.size.floor_pages, project=self.project))
        self.note("list", lambda: self.repeat(page, self.tokens))

    def rows(self) -> list[Row]:
        figure = {name: median(figures) for name, figures in self.figures.items()}
        accept_floor, read = figure["accept floor"], figure["read"]
        counts = {name: len(statements) for name, statements in self.statements.items()}
        return [
            Row.with_floor("accept", figure["accept"], "requests/s", accept_floor, aim=0.09),
            Row.with_floor("bulk", figure["bulk"], "decisions/s", accept_floor, aim=1.0),
            Row.with_floor("read", read, "requests/s", figure["read floor"]),
            Row.with_floor("read_vs_health", read, "requests/s", figure["health"], aim=0.25),
            Row.with_floor("list", figure["list"], "requests/s", figure["list floor"]),
            Row.at_most("accept_statements", counts["accept"], "statements", aim=10),
            Row.at_most("read_statements", counts["read"], "statements", aim=3),
        ]

    def take(self, count: int) -> list[int]:
        """Annotations that nobody has decided yet."""
        return list(islice(self.undecided, count))

    def note(self, name: str, measure: Callable[[], Throughput]) -> None:
        self.settle()
        before = [self.site.cpu_seconds(service) for service in SERVICES]
        count, per_second = measure()
        after = [self.site.cpu_seconds(service) for service in SERVICES]
        used = [1000 * (end - start) / count for start, end in zip(before, after, strict=True)]
        self.figures.setdefault(name, []).append(per_second)
        self.cpu.setdefault(name, []).append(used)
        print_status(f"{name:<14}{per_second:>10,.1f} / s")

    def settle(self) -> None:
        """Let the workers finish what the last measurement left: it would be counted against this one."""
        waiting = "SELECT EXISTS (SELECT 1 FROM webhooks_event WHERE position IS NULL)"
        if self.size.workers:
            self.site.until(lambda: not self.site.rows(waiting)[0][0], seconds=SETTLE_SECONDS)

    # --- over HTTP ---------------------------------------------------------------------------------

    def load(self, clients: list[list[dict[str, Any]]], seconds: float | None = None) -> Load:
        """Send each client's requests, until the time is over, from a process of their own."""
        spec = json.dumps({"port": self.site.port, "seconds": seconds, "clients": clients})
        command = [sys.executable, "-m", "bench.load"]
        run = subprocess.run(command, input=spec, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
        load = Load(**json.loads(run.stdout))
        if load.refused:
            raise SystemExit(f"{load.refused} of {load.answered} requests were refused. One:\n{load.example}")
        self.loads.append(load)
        return load

    def accepts(self) -> Throughput:
        clients = [[self.accept(pk, n) for pk in self.take(self.size.accepts)] for n in range(CLIENTS)]
        return self.load(clients, self.size.seconds).throughput

    def bulk(self) -> Throughput:
        """Of decisions."""
        clients = [[self.bulk_accept(token) for _ in range(self.size.bulk)] for token in self.tokens]
        requests, per_second = self.load(clients).throughput
        return requests * self.size.selection, per_second * self.size.selection

    def reads(self) -> Throughput:
        """Each client has annotations of its own."""
        paths = [f"/api/annotations/{pk}/" for pk in self.annotations[: CLIENTS * MANY]]
        clients = [[get(path, token) for path in paths[n::CLIENTS]] for n, token in enumerate(self.tokens)]
        return self.load(clients, self.size.seconds).throughput

    def repeat(self, path: str, tokens: Sequence[str | None]) -> Throughput:
        return self.load([[get(path, token)] * MANY for token in tokens], self.size.seconds).throughput

    def accept(self, annotation: int, client: int) -> dict[str, Any]:
        path = f"/api/annotations/{annotation}/accept/"
        return {"method": "POST", "path": path, "token": self.tokens[client], "body": {}}

    def bulk_accept(self, token: str) -> dict[str, Any]:
        body = {"action": "accept", "annotations": self.take(self.size.selection)}
        return {"method": "POST", "path": "/api/annotations/bulk-review/", "token": token, "body": body}

    # --- by pgbench --------------------------------------------------------------------------------

    def accept_floor(self) -> Throughput:
        first, *_ = self.take(CLIENTS * self.size.floor_accepts)
        bodies = floors.event_bodies(self.site)
        count = self.size.floor_accepts
        return self.floor("accept", count, first=first, count=count, done=0, **bodies)

    def floor(self, script: str, transactions: int, **variables: Any) -> Throughput:
        key_hash = hashlib.sha256(self.tokens[0].encode()).hexdigest()
        who = {"reviewer": self.reviewer, "key_hash": key_hash}
        return floors.run(self.site.postgres, script, transactions, **who, **variables)

    # --- statements --------------------------------------------------------------------------------

    def count_statements(self) -> dict[str, list[str]]:
        first = get(f"/api/annotations/{self.annotations[0]}/", self.tokens[0])
        warm_up = [[first] * WARM_UP_REQUESTS] * (2 * CLIENTS)
        requests = {
            "accept": [self.accept(pk, 0) for pk in self.take(self.size.counted)],
            "read": [
                get(f"/api/annotations/{pk}/", self.tokens[0]) for pk in self.annotations[: self.size.counted]
            ],
        }
        return {
            name: typical(statements_of(self.site, each, warm_up=warm_up)) for name, each in requests.items()
        }


def get(path: str, token: str | None) -> dict[str, Any]:
    return {"method": "GET", "path": path, "token": token}
