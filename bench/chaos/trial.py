"""One run: a furnished site, its consumers, and reviewers who decide while something befalls it."""

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
from bench.chaos.reviewers import Client, Deciders
from bench.chaos.site import Site
from devserver import processes
from devserver.prepare import is_ready
from devserver.processes import pause
from devserver.supervise import HOST, ROOT, Service, print_status

READY_SECONDS = 240
OWED = "SELECT count(*) FROM webhooks_delivery WHERE state = 'pending'"


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

    @property
    def port(self) -> int:
        return self.site.listener.getsockname()[1]

    def ask_lead(self, number: int, verb: str) -> Any:
        """POST of a verb to the endpoint of this number; the body of the answer."""
        status, body = Client(self.port, self.tokens["lead"]).post(
            f"/api/webhooks/{self.endpoints[number]['id']}/{verb}/"
        )
        assert status == 200, (verb, status, body)
        return body

    def behave(self, *numbers: int, **mode: Any) -> None:
        """How the endpoints of these numbers (all, if none) answer from now on: the fields of consumer.Mode."""
        for number in numbers or range(len(self.endpoints)):
            connection = http.client.HTTPConnection(HOST, self.consumer_port, timeout=30)
            connection.request("POST", f"/mode/{number}", json.dumps(asdict(Mode(**mode))))
            assert connection.getresponse().read() == b"ok"
            connection.close()

    def deciders(self, **fields: Any) -> Deciders:
        tokens = [self.tokens["reviewer"], self.tokens["reviewer2"]]
        fields = {"annotations": self.annotations, "seed": self.seed} | fields
        return Deciders(self.port, tokens, **fields)

    def arrivals(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.arrivals_log.read_text().splitlines()]

    # --- faults ------------------------------------------------------------------------------------

    def befall(self, kind: str, chance: random.Random) -> None:
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

    # --- waiting -----------------------------------------------------------------------------------

    def drained(self, *, seconds: float) -> float | None:
        """Seconds until nothing is pending; None if that took longer."""
        began = monotonic()
        return (
            monotonic() - began
            if self.site.until(lambda: self.site.number(OWED) == 0, seconds=seconds)
            else None
        )

    def quiet(self, *, wanted: int, silence: float) -> float:
        """For what has no outbox to ask: until `wanted` arrivals were taken, or none came for `silence` seconds."""
        began = news = monotonic()
        size = -1
        while monotonic() - news < silence:
            if self.arrivals_log.stat().st_size != size:
                news, size = monotonic(), self.arrivals_log.stat().st_size
                if (
                    len({(a["endpoint"], a["review"]) for a in self.arrivals() if a["outcome"] == "ok"})
                    >= wanted
                ):
                    break
            self.site.until(lambda: False, seconds=1)
        return news - began

    def ready(self) -> bool:
        return is_ready(f"http://{HOST}:{self.port}")


@contextmanager
def trial(
    options: Options,
    *,
    annotations: int,
    endpoints: int | list[dict[str, Any]],
    scale: float = 1.0,
    apart: dict[str, dict[str, str]] | None = None,
) -> Iterator[Trial]:
    """A site that is ready. `endpoints`: how many, or the fields of each; `scale` is WEBHOOK_TIME_SCALE."""
    with tempfile.TemporaryDirectory(prefix="countersign-chaos-") as folder:
        data = Path(folder)
        consumer, port = _consumer(data, options.seed)
        fields = [{}] * endpoints if isinstance(endpoints, int) else endpoints
        wanted = [{"url": f"http://{HOST}:{port}/hook/{number}"} | each for number, each in enumerate(fields)]
        site = Site(data, env=_env(options, scale), apart=apart)
        try:
            site.start_stores()
            print_status(f"furnishing {annotations} annotations")
            made = site.furnish({"annotations": annotations, "endpoints": wanted})
            site.start_essentials()
            site.start_rest()
            run = Trial(
                site,
                made["endpoints"],
                made["annotations"],
                made["tokens"],
                port,
                data / "arrivals",
                options.seed,
            )
            if not site.until(run.ready, seconds=READY_SECONDS):
                raise SystemExit(f"The site was not ready after {READY_SECONDS} seconds.")
            print_status("ready")
            yield run
        finally:
            site.stop()
            consumer.process.kill()
            _keep_logs(data)


def _keep_logs(data: Path) -> None:
    """Where LOGS says, for whoever wants to know why."""
    if kept := os.environ.get("LOGS"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        for log in [*data.glob("*.log"), data / "arrivals"]:
            shutil.copy(log, kept)


def _env(options: Options, scale: float) -> dict[str, str]:
    module = "bench.chaos.naive.settings" if options.naive else "bench.chaos.settings"
    return {
        "DJANGO_SETTINGS_MODULE": module,
        "WEBHOOK_TIME_SCALE": str(scale),
        "CHAOS_LEASE": str(options.lease),
    }


def _consumer(data: Path, seed: int) -> tuple[Service, int]:
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
