"""A trial: a filled site, its consumers, and reviewers who decide while a fault is injected."""

import http.client
import json
import os
import random
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import Any

from bench.chaos.consumer import Mode
from bench.chaos.options import Options
from bench.chaos.reviewers import Client, Reviewers
from bench.chaos.site import Site
from devserver import processes
from devserver.processes import pause
from devserver.supervise import HOST, ROOT, Service, print_status

READY_SECONDS = 240
PENDING = "SELECT count(*) FROM webhooks_delivery WHERE state = 'pending'"


@dataclass(frozen=True)
class Kill:
    kind: str
    at: float  # seconds of the epoch


@dataclass
class Trial:
    site: Site
    endpoints: list[dict[str, Any]]
    annotations: list[int]
    tokens: dict[str, str]
    consumer_port: int
    arrivals_log: Path
    seed: int
    kills: list[Kill] = field(default_factory=list)

    def post_as_lead(self, number: int, verb: str) -> Any:
        """POST of a verb to the endpoint of this number; the body of the answer."""
        path = f"/api/webhooks/{self.endpoints[number]['id']}/{verb}/"
        status, body = Client(self.site.port, self.tokens["lead"]).post(path)
        assert status == 200, (verb, status, body)
        return body

    def set_mode(self, *numbers: int, **mode: Any) -> None:
        """How these endpoints (all, if none is named) answer from now on: the fields of consumer.Mode."""
        for number in numbers or range(len(self.endpoints)):
            connection = http.client.HTTPConnection(HOST, self.consumer_port, timeout=30)
            connection.request("POST", f"/mode/{number}", json.dumps(asdict(Mode(**mode))))
            assert connection.getresponse().read() == b"ok"
            connection.close()

    def start_reviewers(
        self,
        annotations: list[int] | None = None,
        *,
        rate: float | None = None,
        poisoned: int | None = None,
    ) -> Reviewers:
        tokens = [self.tokens["reviewer"], self.tokens["reviewer2"]]
        todo = self.annotations if annotations is None else annotations
        return Reviewers(self.site.port, tokens, todo, self.seed, rate=rate, poisoned=poisoned).start()

    def wait_for(self, reviewers: Reviewers, *, seconds: float) -> None:
        self.site.until(lambda: reviewers.finished, seconds=seconds)

    def arrivals(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.arrivals_log.read_text().splitlines()]

    def is_ready(self) -> bool:
        return self.site.answers("/status")

    def inject(self, kind: str, chance: random.Random) -> None:
        self.kills.append(Kill(kind, time()))
        print_status(f"kill {len(self.kills)}: {kind}")
        match kind:
            case "web" if chance.random() < 0.5:
                self.site.kill_child("web", chance)
            case "pool child":
                self.site.kill_child("worker-deliver", chance)
            case "worker":
                self.site.kill("worker-deliver")
            case "postgres" if chance.random() < 0.5:
                self.site.kill_child("postgres", chance)
            case "flush":
                self.site.flush_redis()
            case _:
                self.site.kill(kind)

    def drain(self, *, seconds: float) -> float | None:
        """Seconds until nothing is pending; None if that took longer."""
        began = monotonic()
        drained = self.site.until(lambda: self.site.number(PENDING) == 0, seconds=seconds)
        return round(monotonic() - began, 1) if drained else None

    def drain_without_outbox(self, *, expected: int, silence: float) -> float:
        """Seconds until `expected` arrivals were answered 200, or none came for `silence` seconds."""
        began = last_change = monotonic()
        size = -1
        while monotonic() - last_change < silence:
            if self.arrivals_log.stat().st_size != size:
                last_change, size = monotonic(), self.arrivals_log.stat().st_size
                received = {(a["endpoint"], a["review"]) for a in self.arrivals() if a["outcome"] == "ok"}
                if len(received) >= expected:
                    break
            self.site.until(lambda: False, seconds=1)
        return round(last_change - began, 1)


@contextmanager
def trial(
    options: Options,
    *,
    annotations: int,
    endpoints: int | list[dict[str, Any]],
    scale: float = 1.0,
    service_env: dict[str, dict[str, str]] | None = None,
) -> Iterator[Trial]:
    """A site that is ready. `endpoints`: how many, or the fields of each; `scale` is WEBHOOK_TIME_SCALE."""
    with tempfile.TemporaryDirectory(prefix="countersign-chaos-") as folder:
        data = Path(folder)
        consumer, port = start_consumer(data, options.seed)
        fields: list[dict[str, Any]] = [{}] * endpoints if isinstance(endpoints, int) else endpoints
        hooks = [{"url": f"http://{HOST}:{port}/hook/{number}"} | each for number, each in enumerate(fields)]
        site = Site(data, env=_env(options, scale), service_env=service_env)
        try:
            site.start_stores()
            print_status(f"filling the database with {annotations} annotations")
            made = site.fill("bench.chaos.dataset", {"annotations": annotations, "endpoints": hooks})
            site.start(seconds=READY_SECONDS)
            print_status("ready")
            log = data / "arrivals"
            yield Trial(site, made["endpoints"], made["annotations"], made["tokens"], port, log, options.seed)
        finally:
            site.stop()
            consumer.process.kill()
            _keep_logs(data)


def _keep_logs(data: Path) -> None:
    """In the folder of the variable LOGS, if it is set."""
    if folder := os.environ.get("LOGS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for log in [*data.glob("*.log"), data / "arrivals"]:
            shutil.copy(log, folder)


def _env(options: Options, scale: float) -> dict[str, str]:
    module = "bench.chaos.naive.settings" if options.naive else "bench.chaos.settings"
    return {
        "DJANGO_SETTINGS_MODULE": module,
        "WEBHOOK_TIME_SCALE": str(scale),
        "CHAOS_LEASE": str(options.lease),
    }


def start_consumer(data: Path, seed: int) -> tuple[Service, int]:
    listener = socket.create_server((HOST, 0), backlog=512)
    fd, port = listener.fileno(), listener.getsockname()[1]
    command = [sys.executable, "-m", "bench.chaos.consumer", str(fd), str(data / "arrivals"), str(seed)]

    def start() -> Any:
        return processes.spawn(command, log=data / "consumer.log", env=os.environ, cwd=ROOT, keep=(fd,))

    service = Service("consumer", start, data / "consumer.log")
    while not (data / "arrivals").exists():
        pause(0.05)
    listener.close()
    return service, port
