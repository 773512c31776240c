"""Starts a whole site of its own, lets people do what they like for a while, and says what went wrong.

`python -m bench.soak`: MINUTES (a fraction will do), SEED, THREADS and TASKS come from the environment.
Progress goes to standard error, one line of JSON to standard output. The exit code is 1 if anything is wrong.
"""

import contextlib
import json
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

from bench.chaos.trial import start_consumer
from bench.site import ThrowAwaySite, forget_foreign_variables
from devserver.processes import install_stop_handlers
from devserver.supervise import HOST, print_status

from .acts import ACTS
from .oracle import Oracle
from .world import Person, World

READY_SECONDS = 240
CHECK_EVERY = 180  # seconds
REST_SECONDS = 90  # at most, until nobody is in the middle of something
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "devserver.settings",
    "LOG_LEVEL": "WARNING",
    "LEASE_SECONDS": "15",
    "THROTTLE_WRITES": "5000/second",
    "WEBHOOK_TIME_SCALE": "0.001",
}
# One person may have several tabs.
SHARES = {"admin": 1, "lead": 2, "reviewer": 4, "annotator": 5}


class Crowd:
    """Threads that act until they are told to rest or to stop."""

    def __init__(self, people: list[Person], seed: int):
        self.go, self.over = threading.Event(), threading.Event()
        self.idle = [threading.Event() for _ in people]
        self.threads = [
            threading.Thread(target=self._act, args=(person, idle), daemon=True)
            for person, idle in zip(people, self.idle, strict=True)
        ]
        self.acts: Counter[str] = Counter()
        self.go.set()
        for thread in self.threads:
            thread.start()

    def _act(self, person: Person, idle: threading.Event) -> None:
        weights, acts = zip(*ACTS[person.kind], strict=True)
        while not self.over.is_set():
            if not self.go.is_set():
                idle.set()
                self.go.wait()
                idle.clear()
                continue  # it may be over
            chosen = person.dice.choices(acts, weights)[0]
            try:
                chosen(person)
            except Exception as error:
                person.world.fail(request=chosen.__name__, error=f"the soak itself: {error!r}")
            self.acts[chosen.__name__] += 1
        idle.set()

    @property
    def rests(self) -> bool:
        return all(idle.is_set() for idle in self.idle)


def soak(
    site: ThrowAwaySite, made: dict[str, Any], *, minutes: float, seed: int, threads: int
) -> dict[str, Any]:
    world = World(f"http://{HOST}:{site.port}", made["people"], made["projects"])
    people = [Person(world, account, seed * 1000 + n) for n, account in enumerate(_accounts(made, threads))]
    oracle = Oracle(site, world, Person(world, made["people"][0], seed))
    crowd, began, checks = Crowd(people, seed), monotonic(), 0
    while not crowd.over.is_set():
        left = minutes * 60 - (monotonic() - began)
        site.until(lambda: False, seconds=max(0, min(CHECK_EVERY, left)))
        crowd.go.clear()
        if not site.until(lambda: crowd.rests, seconds=REST_SECONDS):
            world.fail(request="rest", error="somebody got no answer")
        oracle.check()
        checks += 1
        print_status(
            f"{sum(world.statuses.values()):,} answers, {len(oracle.found)} things wrong, {world.statuses}"
        )
        if monotonic() - began >= minutes * 60:
            crowd.over.set()
        crowd.go.set()
    return {
        "soak": f"{threads} threads, {minutes:g} minutes",
        "seed": seed,
        "requests": sum(world.routes.values()),
        "acts": sum(crowd.acts.values()),
        "routes_that_succeeded": len({route for route in world.routes if len(route.split()) == 2}),
        "routes": dict(sorted(world.routes.items())),
        "statuses": dict(world.statuses.most_common()),
        "busy": world.statuses["busy"],
        "server_errors": len(world.failures),
        "evidence": oracle.counts,
        "checks": checks,
        "wrong": oracle.found,
        "failures": world.failures,
        "passed": not oracle.found and not world.failures,
    }


def _accounts(made: dict[str, Any], threads: int) -> list[dict[str, Any]]:
    """As many as there are threads, in the shares of the roles."""
    order = [kind for kind, share in SHARES.items() for _ in range(share)]
    of_kind = {kind: [one for one in made["people"] if one["kind"] == kind] for kind in SHARES}
    kinds = [order[number * len(order) // threads % len(order)] for number in range(threads)]
    return [of_kind[kind][number % len(of_kind[kind])] for number, kind in enumerate(kinds)]


def main() -> None:
    install_stop_handlers()
    minutes, seed = float(os.environ.get("MINUTES") or 5), int(os.environ.get("SEED") or 1)
    threads, tasks = int(os.environ.get("THREADS") or 12), int(os.environ.get("TASKS") or 60)
    forget_foreign_variables()
    with (
        tempfile.TemporaryDirectory(prefix="countersign-soak-") as folder,
        contextlib.redirect_stdout(sys.stderr),
    ):
        consumer, port = start_consumer(Path(folder), seed)
        site = ThrowAwaySite(Path(folder), env=ENVIRONMENT)
        try:
            site.start_stores()
            made = site.fill("bench.soak.dataset", {"tasks": tasks, "hook": f"http://{HOST}:{port}/hook/0"})
            site.start(seconds=READY_SECONDS)
            print_status(f"soaking for {minutes:g} minutes")
            line = soak(site, made, minutes=minutes, seed=seed, threads=threads)
        finally:
            site.stop()
            consumer.process.kill()
            if logs := os.environ.get("LOGS"):
                shutil.copytree(
                    folder,
                    logs,
                    dirs_exist_ok=True,
                    ignore=lambda _, names: [n for n in names if not n.endswith(".log")],
                )
    print(json.dumps(line, default=str), flush=True)
    sys.exit(0 if line["passed"] else 1)


if __name__ == "__main__":
    main()
