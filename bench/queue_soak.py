"""Reviewers in parallel until nothing is left: `python -m devserver.embedded -- python -m bench.queue_soak 64 2000`.

Over HTTP against a live server of our own (or, with a third word `service`, in threads through the service: for machines where an
answer takes longer than the second a lease lasts), each reviewer draws, decides and goes on, until all is done: once
with everybody at work to the end; once with leases of one second, where one reviewer in ten vanishes with an item in hand, some
are slow, and the patient ones renew. Prints a line of JSON for each; exit 1 if anything was handed out twice at a time, was
left over, or answered with an error.

Holding is judged by the database's clock: an item is somebody's from the moment it was leased to the moment their lease ends, as
the answer names it. Two such spans of one item, of two people, may not overlap. (Decided items do not come back.)
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import django
from django.conf import settings

START = 60  # seconds for the server
HARDEST = 600  # seconds for one run
WORKERS, THREADS = 2, 16


@dataclass
class Held:
    annotation: int
    person: int
    since: float
    until: float


@dataclass
class Log:
    """What one reviewer saw."""

    held: list[Held] = field(default_factory=list)
    decided: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    waits: int = 0
    times: list[float] = field(default_factory=list)


class Reviewer:
    def __init__(
        self,
        number: int,
        key: str,
        base: str,
        project: int,
        *,
        lease: int,
        vanishes: bool,
        some_are_slow: bool,
    ):
        import requests

        self.number, self.base, self.project, self.lease = number, base, project, lease
        self.vanishes_after = random.Random(number).randrange(1, 8) if vanishes else None
        self.may_be_slow, self.chance, self.log = some_are_slow, random.Random(number), Log()
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
            elif self.vanishes_after is not None and len(self.log.decided) >= self.vanishes_after:
                return self.log  # and never comes back for what they hold
            else:
                self._decide(item)
        self.log.errors.append("the time for one run is over")
        return self.log

    def _next(self) -> dict[str, Any] | None:
        begun = time.perf_counter()
        item = self._called("GET", f"/api/projects/{self.project}/review-queue/next/")
        self.log.times.append(time.perf_counter() - begun)
        if item and item["annotation"]:
            until = _moment(item["lease"]["expires_at"])
            self.log.held.append(Held(item["annotation"]["id"], self.number, until - self.lease, until))
        return item

    def _decide(self, item: dict[str, Any]) -> None:
        if self.may_be_slow and self.chance.random() < 0.05:
            self._dawdle(item)
        pk = item["annotation"]["id"]
        verb = "accept" if self.chance.random() < 0.8 else "reject"
        answer = self._called(
            "POST", f"/api/annotations/{pk}/{verb}/", json={"last_annotation_history": None}
        )
        if answer:
            self.log.decided.append(pk)

    def _dawdle(self, item: dict[str, Any]) -> None:
        """Half of the slow ones renew while they think; the others let the time run out."""
        time.sleep(self.lease / 2)
        if self.chance.random() < 0.5:
            answer = self._called("POST", f"/api/leases/{item['lease']['id']}/renew/", gone_is_fine=True)
            if answer:
                self.log.held[-1].until = _moment(answer["expires_at"])
        time.sleep(self.lease * 0.7)

    def _called(
        self, method: str, path: str, *, gone_is_fine: bool = False, **body: Any
    ) -> dict[str, Any] | None:
        try:
            answer = self.session.request(method, self.base + path, timeout=60, **body)
        except Exception as error:
            self.log.errors.append(f"{method} {path}: {error!r}")
            return None
        if answer.status_code == 404 and gone_is_fine:
            return None
        if answer.status_code != 200:
            self.log.errors.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer.json()


class InProcess(Reviewer):
    """The same through the service, with a database connection of its own."""

    def __init__(self, number: int, user: Any, project: Any, **how: Any):
        super().__init__(number, "", "", 0, **how)
        self.user, self.of = user, project

    def work(self, deadline: float) -> Log:
        from tests.parallel import alone

        return alone(lambda: super(InProcess, self).work(deadline))

    def _called(
        self, method: str, path: str, *, gone_is_fine: bool = False, **body: Any
    ) -> dict[str, Any] | None:
        try:
            return self._next_item() if path.endswith("/next/") else self._done(path)
        except Exception as error:
            self.log.errors.append(f"{method} {path}: {error!r}")
            return None

    def _next_item(self) -> dict[str, Any]:
        from reviews.queue.drawing import Ask, draw
        from reviews.queue.reasons import why_empty

        ask = Ask(self.of, self.user)
        if lease := draw(ask):
            return {
                "annotation": {"id": lease.annotation_id},
                "lease": {"id": lease.id, "expires_at": lease.expires_at.isoformat()},
            }
        return {"annotation": None, "reason": why_empty(ask).code}

    def _done(self, path: str) -> dict[str, Any] | None:
        from reviews.queue import leases
        from reviews.service import AnnotationReviewService
        from tasks.models import Annotation

        _, _, _, key, verb, _ = path.split("/")
        if verb == "renew":
            until = leases.renew(key, self.user)
            return {"expires_at": until.isoformat()} if until else None
        service = AnnotationReviewService(self.user)
        (service.accept if verb == "accept" else service.reject)(Annotation(pk=int(key)))
        return {"done": key}


def _moment(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC).timestamp()


def twice_at_a_time(held: list[Held]) -> int:
    """Pairs of spans of one item, of two people, that overlap."""
    found, by_item = 0, {}
    for span in sorted(held, key=lambda span: span.since):
        before = by_item.get(span.annotation)
        if before and before.person != span.person and span.since < before.until:
            found += 1
        if not before or span.until > before.until or before.person == span.person:
            by_item[span.annotation] = span
    return found


def soak(name: str, reviewers: int, count: int, *, lease: int, vanishing: float, through: str) -> bool:
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    house, users = _prepared(reviewers, count)
    how = [
        {"lease": lease, "vanishes": n < reviewers * vanishing, "some_are_slow": vanishing > 0}
        for n in range(reviewers)
    ]
    if through == "service":
        settings.LEASE_SECONDS = lease
        people = [InProcess(n, user, house.project, **how[n]) for n, user in enumerate(users)]
        logs, seconds = _worked(people)
    else:
        keys = [_key_of(user) for user in users]
        connection.close()
        with Server(lease) as base:
            logs, seconds = _worked(
                [Reviewer(n, key, base, house.project.pk, **how[n]) for n, key in enumerate(keys)]
            )
    vanished = sum(one["vanishes"] for one in how)
    return _told(f"{name}, through {through}", logs, house, count, seconds, lease=lease, vanished=vanished)


def _worked(people: list[Any]) -> tuple[list[Log], float]:
    begun = time.monotonic()
    with ThreadPoolExecutor(len(people)) as pool:
        logs = list(pool.map(lambda person: person.work(begun + HARDEST), people))
    return logs, time.monotonic() - begun


def _prepared(reviewers: int, count: int) -> tuple[Any, list[Any]]:
    from tests.factories import build_house, member

    from .seed import authors, seed_reviewable

    house = build_house()
    seed_reviewable(house.annotation, count, reviewer=house.reviewer, written_by=authors())
    return house, [member(house.project, "RE", f"soak-{number}") for number in range(reviewers)]


def _key_of(user: Any) -> str:
    from users.models import ApiToken

    return ApiToken.issue(user, name="soak")[1]


def _told(
    name: str, logs: list[Log], house: Any, count: int, seconds: float, *, lease: int, vanished: int
) -> bool:
    from reviews.models import QueueEntry, Review
    from tests.snapshots import assert_counters_true

    held = [span for log in logs for span in log.held]
    decisions = Counter(pk for log in logs for pk in log.decided)
    times = sorted(one for log in logs for one in log.times)
    errors = [error for log in logs for error in log.errors]
    left = QueueEntry.objects.filter(project=house.project, queue="review").count()
    told = {
        "soak": name,
        "reviewers": len(logs),
        "vanished": vanished,
        "lease_seconds": lease,
        "annotations": count,
        "reviewed": Review.objects.values("annotation").distinct().count(),
        "handed_out": len(held),
        "twice_at_the_same_time": twice_at_a_time(held),
        "decided_twice": sum(number > 1 for number in decisions.values()),
        "left": left,
        "errors": len(errors),
        "waits": sum(log.waits for log in logs),
        "seconds": round(seconds, 1),
        "next_ms_p50": round(times[len(times) // 2] * 1000, 1),
        "next_ms_p95": round(times[int(len(times) * 0.95) - 1] * 1000, 1),
    }
    print(json.dumps(told), flush=True)
    for error in errors[:5]:
        print(error, file=sys.stderr)
    assert_counters_true(house.project)
    return not (told["twice_at_the_same_time"] or left or errors) and told["reviewed"] == count


class Server:
    """A web server of the site as in production, on a free port."""

    def __init__(self, lease: int):
        self.lease = lease

    def __enter__(self) -> str:
        import socket

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "reviewsite.wsgi",
            "-b",
            f"127.0.0.1:{port}",
            "--no-control-socket",
            "--keep-alive",
            "120",
        ]
        command += ["-w", str(WORKERS), "--threads", str(THREADS), "--log-level", "error"]
        environment = os.environ | {
            "LEASE_SECONDS": str(self.lease),
            "THROTTLE_WRITES": "5000/second",
            "LOG_LEVEL": "ERROR",
        }
        self.process = subprocess.Popen(command, env=environment)
        self._wait(f"http://127.0.0.1:{port}/health")
        return f"http://127.0.0.1:{port}"

    def _wait(self, url: str) -> None:
        import requests

        deadline = time.monotonic() + START
        while time.monotonic() < deadline:
            try:
                if requests.get(url, timeout=10).ok:
                    return
            except requests.RequestException:
                time.sleep(0.2)
        raise SystemExit("The server does not answer.")

    def __exit__(self, *about: Any) -> None:
        self.process.terminate()
        self.process.wait(20)


def main(reviewers: int, count: int, through: str) -> None:
    from django.db import connection
    from django.test.utils import setup_test_environment

    if connection.introspection.table_names():
        sys.exit(
            "This database is not empty, and this would empty it. Use a throw-away one (devserver.embedded)."
        )
    setup_test_environment()
    runs = [("everybody stays", 600, 0.0), ("one in ten vanishes", 1, 0.1)]
    fine = []
    for name, lease, vanishing in runs:
        fine.append(soak(name, reviewers, count, lease=lease, vanishing=vanishing, through=through))
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
    django.setup()
    reviewers, count, through = [*sys.argv[1:], *("64", "2000", "HTTP")[len(sys.argv) - 1 :]]
    main(int(reviewers), int(count), through)
