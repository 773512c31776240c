"""Reviewers in parallel until nothing is left.

`python -m devserver.embedded -- python -m bench.queue_soak 64 2000`: over HTTP, against a web server of its
own, each reviewer draws an item, decides it and goes on until all is done. In the first run everybody stays
to the end; in the second, leases last one second, one reviewer in ten leaves with an item in hand, some are
slow, and half of those renew. With a third argument `service` they call the service in threads instead: for
machines where an answer takes longer than that second.

Prints a line of JSON for each run. The exit code is 1 if an item was given to two reviewers at once,
something was left over, an answer was an error, or `recount --check` found drift.

The database's clock decides who holds an item: from its lease to the end of it, as the answer says. Two
such spans of one item, of two people, may not overlap. (Decided items do not come back.)
"""

import io
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from bench.database import empty_database, run

if TYPE_CHECKING:
    from tasks.models import Project
    from tests.factories import House
    from users.models import User

START_SECONDS = 60
RUN_SECONDS = 600
WORKERS, THREADS = 2, 16


@dataclass
class Span:
    """`person` holds `annotation` in that time (seconds of the epoch)."""

    annotation: int
    person: int
    since: float
    until: float


@dataclass
class Log:
    """What one reviewer saw."""

    held: list[Span] = field(default_factory=list)
    decided: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    waits: int = 0
    times: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Behaviour:
    """`lease` in seconds. A reviewer who leaves never comes back for the item in hand."""

    lease: int
    leaves: bool
    may_be_slow: bool


class Reviewer:
    """Over HTTP."""

    def __init__(self, number: int, key: str, base_url: str, project: int, behaviour: Behaviour):
        import requests

        self.number, self.base_url, self.project = number, base_url, project
        self.behaviour, self.chance, self.log = behaviour, random.Random(number), Log()
        self.leaves_after = random.Random(number).randrange(1, 8) if behaviour.leaves else None
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {key}"

    def work(self, deadline: float) -> Log:
        while time.monotonic() < deadline:
            item = self._next()
            if item is None:
                continue
            if item["annotation"] is None:
                if item["reason"] == "done":
                    return self.log
                self.log.waits += 1
                time.sleep(0.2)
            elif self.leaves_after is not None and len(self.log.decided) >= self.leaves_after:
                return self.log
            else:
                self._decide(item)
        self.log.errors.append("not finished in time")
        return self.log

    def _next(self) -> dict[str, Any] | None:
        began = time.perf_counter()
        item = self._call("GET", f"/api/projects/{self.project}/review-queue/next/")
        self.log.times.append(time.perf_counter() - began)
        if item and item["annotation"]:
            until = _epoch(item["lease"]["expires_at"])
            since = until - self.behaviour.lease
            self.log.held.append(Span(item["annotation"]["id"], self.number, since, until))
        return item

    def _decide(self, item: dict[str, Any]) -> None:
        if self.behaviour.may_be_slow and self.chance.random() < 0.05:
            self._be_slow(item)
        pk = item["annotation"]["id"]
        verb = "accept" if self.chance.random() < 0.8 else "reject"
        if self._call("POST", f"/api/annotations/{pk}/{verb}/", json={"last_annotation_history": None}):
            self.log.decided.append(pk)

    def _be_slow(self, item: dict[str, Any]) -> None:
        """Half of the slow ones renew the lease; the others let it expire."""
        time.sleep(self.behaviour.lease / 2)
        if self.chance.random() < 0.5:
            renewed = self._call("POST", f"/api/leases/{item['lease']['id']}/renew/", may_be_gone=True)
            if renewed:
                self.log.held[-1].until = _epoch(renewed["expires_at"])
        time.sleep(self.behaviour.lease * 0.7)

    def _call(self, method: str, path: str, *, may_be_gone: bool = False, **body: Any) -> dict | None:
        try:
            answer = self.session.request(method, self.base_url + path, timeout=60, **body)
        except Exception as error:
            self.log.errors.append(f"{method} {path}: {error!r}")
            return None
        if answer.status_code == 404 and may_be_gone:
            return None
        if answer.status_code != 200:
            self.log.errors.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer.json()


class InProcess(Reviewer):
    """Through the service, with a database connection of its own."""

    def __init__(self, number: int, user: "User", project: "Project", behaviour: Behaviour):
        super().__init__(number, "", "", project.pk, behaviour)
        self.user, self.project_row = user, project

    def work(self, deadline: float) -> Log:
        from tests.parallel import alone

        return alone(lambda: super(InProcess, self).work(deadline))

    def _call(self, method: str, path: str, *, may_be_gone: bool = False, **body: Any) -> dict | None:
        try:
            return self._next_item() if path.endswith("/next/") else self._post(path)
        except Exception as error:
            self.log.errors.append(f"{method} {path}: {error!r}")
            return None

    def _next_item(self) -> dict[str, Any]:
        from reviews.queue.drawing import QueueRequest, draw
        from reviews.queue.reasons import why_empty

        queue_request = QueueRequest(self.project_row, self.user)
        if lease := draw(queue_request):
            return {
                "annotation": {"id": lease.annotation_id},
                "lease": {"id": lease.id, "expires_at": lease.expires_at.isoformat()},
            }
        return {"annotation": None, "reason": why_empty(queue_request).code}

    def _post(self, path: str) -> dict[str, Any] | None:
        from reviews.queue import leases
        from reviews.service import AnnotationReviewService
        from tasks.models import Annotation

        _, _, _, key, verb, _ = path.split("/")
        if verb == "renew":
            until = leases.renew(UUID(key), self.user)
            return {"expires_at": until.isoformat()} if until else None
        service = AnnotationReviewService(self.user)
        (service.accept if verb == "accept" else service.reject)(Annotation(pk=int(key)))
        return {"decided": key}


def _epoch(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def overlaps(held: list[Span]) -> int:
    """Pairs of spans of one item, of two people, that overlap."""
    found, latest = 0, dict[int, Span]()
    for span in sorted(held, key=lambda span: span.since):
        before = latest.get(span.annotation)
        if before and before.person != span.person and span.since < before.until:
            found += 1
        if not before or span.until > before.until or before.person == span.person:
            latest[span.annotation] = span
    return found


def soak(name: str, reviewers: int, count: int, *, lease: int, leaving: float, through: str) -> bool:
    """Whether nothing went wrong."""
    from django.db import connection

    house, users = _prepare(reviewers, count)
    behaviours = [Behaviour(lease, n < reviewers * leaving, leaving > 0) for n in range(reviewers)]
    if through == "service":
        settings.LEASE_SECONDS = lease
        people: Sequence[Reviewer] = [
            InProcess(n, user, house.project, behaviours[n]) for n, user in enumerate(users)
        ]
        logs, seconds = _work(people)
    else:
        keys = [_token_of(user) for user in users]
        connection.close()
        with server(LEASE_SECONDS=str(lease)) as base_url:
            people = [
                Reviewer(n, key, base_url, house.project.pk, behaviours[n]) for n, key in enumerate(keys)
            ]
            logs, seconds = _work(people)
    line = {
        "soak": f"{name}, through {through}",
        "vanished": sum(behaviour.leaves for behaviour in behaviours),
        "lease_seconds": lease,
        "annotations": count,
        "seconds": round(seconds, 1),
    }
    return _report(line, logs, house)


def _work(people: Sequence[Reviewer]) -> tuple[list[Log], float]:
    began = time.monotonic()
    with ThreadPoolExecutor(len(people)) as pool:
        logs = list(pool.map(lambda person: person.work(began + RUN_SECONDS), people))
    return logs, time.monotonic() - began


def _prepare(reviewers: int, count: int) -> tuple["House", list["User"]]:
    from bench.seed import authors, seed_reviewable
    from tests.factories import build_house, member
    from users.capabilities import Role

    house = build_house()
    seed_reviewable(house.annotation, count, reviewer=house.reviewer, written_by=authors())
    return house, [member(house.project, Role.REVIEWER, f"soak-{number}") for number in range(reviewers)]


def _token_of(user: "User") -> str:
    from users.models import ApiToken

    return ApiToken.issue(user, name="soak")[1]


def _report(line: dict[str, Any], logs: list[Log], house: "House") -> bool:
    from reviews.models import QueueEntry, Review
    from tests.snapshots import assert_counters_true

    held = [span for log in logs for span in log.held]
    decisions = Counter(pk for log in logs for pk in log.decided)
    times = sorted(each for log in logs for each in log.times)
    errors = [error for log in logs for error in log.errors]
    left = QueueEntry.objects.filter(project=house.project, queue="review").count()
    reviewed, recounted = Review.objects.values("annotation").distinct().count(), recount()
    line |= {
        "reviewers": len(logs),
        "reviewed": reviewed,
        "handed_out": len(held),
        "twice_at_the_same_time": overlaps(held),
        "decided_twice": sum(number > 1 for number in decisions.values()),
        "left": left,
        "errors": len(errors),
        "waits": sum(log.waits for log in logs),
        "next_ms_p50": round(times[len(times) // 2] * 1000, 1),
        "next_ms_p95": round(times[int(len(times) * 0.95) - 1] * 1000, 1),
        "recount": recounted,
    }
    print(json.dumps(line), flush=True)
    for error in errors[:5]:
        print(error, file=sys.stderr)
    assert_counters_true(house.project)
    wrong = line["twice_at_the_same_time"] or left or errors or reviewed != line["annotations"]
    return not wrong and recounted.startswith("no drift")


def recount() -> str:
    """The conclusion of `manage.py recount --check`."""
    from django.core.management import CommandError, call_command

    output = io.StringIO()
    try:
        call_command("recount", check=True, verbosity=0, stdout=output)
    except CommandError as error:
        print(output.getvalue(), file=sys.stderr)
        return str(error)
    return output.getvalue().strip()


@contextmanager
def server(**environment: str) -> Iterator[str]:
    """A web server as in production, on a free port; its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = f"gunicorn -c python:reviewsite.gunicorn_conf --log-level error -b 127.0.0.1:{port}"
    settings = {
        "WEB_CONCURRENCY": str(WORKERS),
        "WEB_THREADS": str(THREADS),
        "THROTTLE_WRITES": "5000/second",
        "LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", *command.split(), "reviewsite.wsgi"], env=os.environ | settings | environment
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(url: str) -> None:
    import requests

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=10).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise SystemExit("The server does not answer.")


def main(reviewers: int, count: int, through: str = "HTTP") -> None:
    runs = [("everybody stays", 600, 0.0), ("one in ten vanishes", 1, 0.1)]
    passed = []
    for name, lease, leaving in runs:
        with empty_database():
            passed.append(soak(name, reviewers, count, lease=lease, leaving=leaving, through=through))
    sys.exit(0 if all(passed) else 1)


if __name__ == "__main__":
    run(main, default=[64, 2000])
