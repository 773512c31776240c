"""`make run`: the whole demo as one tree of processes that leaves nothing behind."""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn

from labelstudio import frontend

from . import processes
from .data_folder import data_folder, keep_last_logs, lock, secret_key
from .embedded import STOP_SECONDS, Postgres, Redis, socket_folder, tail
from .stopping import heed_stops, pause

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
PORTS_TO_TRY = 50
QUICK_SECONDS = 15
QUICK_DEATHS = 4
# Work that is cut off is done again (late acknowledgement), so the demo may stop in a hurry.
GRACE_SECONDS = 1.0
STARTED = time.monotonic()


def say(text: str) -> None:
    # The terminal may be gone already.
    with contextlib.suppress(OSError):
        print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


@dataclass
class Service:
    """A child that is started again when it ends, unless it does so at once and again."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)
    started: float = field(init=False)
    quick_deaths: int = 0

    def __post_init__(self) -> None:
        self.run()

    def run(self) -> None:
        self.started = time.monotonic()
        self.process = self.start()

    def revive(self) -> None:
        """Nothing while it is alive."""
        if self.process.poll() is None:
            return
        processes.end_group(self.process.pid)
        quick = time.monotonic() - self.started < QUICK_SECONDS
        by_itself = self.process.returncode != -signal.SIGKILL
        self.quick_deaths = self.quick_deaths + 1 if quick and by_itself else 0
        if self.quick_deaths >= QUICK_DEATHS:
            raise SystemExit(
                f"{self.name} ends as soon as it starts. The end of {self.log}:\n{tail(self.log)}"
            )
        say(f"{self.name} ended ({self.process.returncode}), starting it again")
        pause(0.2 * self.quick_deaths)
        self.run()


def listen(wanted: int) -> socket.socket:
    """Bound here and handed on: two copies started together never believe to have the same port."""
    for port in range(wanted, min(wanted + PORTS_TO_TRY, 65536)):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen(128)
        except OSError:
            listener.close()
            continue
        if port != wanted:
            say(f"port {wanted} is taken, so this is on {port}")
        return listener
    raise SystemExit(f"No free port from {wanted} on. Choose another one: make run PORT=…")


def wanted_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SystemExit(f"PORT={text} is not a port number.")
    return int(text)


def environment(data: Path, port: int) -> dict[str, str]:
    """What the user set wins over what the demo wants."""
    wanted = {
        "DEMO": "1",
        "SECRET_KEY": secret_key(data),
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
        "BASE_URL": f"http://{HOST}:{port}",
    }
    given = {name: value for name, value in os.environ.items() if value}
    return (
        wanted
        | given
        | {"DATA": str(data), "DJANGO_SETTINGS_MODULE": "devserver.settings", "PYTHONUNBUFFERED": "1"}
    )


class Supervisor:
    """Starts everything in order, keeps it going, stops it in reverse."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.lock = lock(data)
        self.sockets = socket_folder(data)
        self.listener = listen(wanted_port())
        self.env = environment(data, self.listener.getsockname()[1])
        self.stores: list[Service] = []
        self.services: list[Service] = []
        self.preparation: subprocess.Popen[bytes] | None = None

    def run(self) -> NoReturn:
        keep_last_logs(self.data)
        self.start_stores()
        self.prepare()
        self.start_first()
        self.watch()

    def start_stores(self) -> None:
        if "REDIS_URL" not in self.env:
            redis = Redis(self.data, sockets=self.sockets)
            self.env["REDIS_URL"] = redis.url
            if redis.binary:
                self.stores.append(Service("redis", redis.spawn, redis.log))
        if "DATABASE_URL" not in self.env:
            say("starting PostgreSQL")
            postgres = Postgres(self.data, sockets=self.sockets, lock=self.lock)
            self.env["DATABASE_URL"] = postgres.url
            postgres.init(pause)
            self.stores.append(Service("postgres", postgres.spawn, postgres.log))
            postgres.wait_until_up(self.stores[-1].process, pause)

    def prepare(self) -> None:
        """Bring the database up to date. The process stays on, to announce the demo when all is ready."""
        self.preparation = self.spawn("prepare", "devserver.prepare", stdout=subprocess.PIPE)
        assert self.preparation.stdout
        while line := next_line(self.preparation.stdout):
            if line == b"prepared\n":
                return
            say(line.decode().strip())
        raise SystemExit(
            f"The database could not be prepared. The end of {self.log('prepare')}:\n{tail(self.log('prepare'))}"
        )

    def start_first(self) -> None:
        """What has to be there to be ready. The rest follows, because two cores have enough to do with these."""
        say("starting the web server and the workers")
        fd = self.listener.fileno()
        self.add(
            "web",
            "gunicorn",
            "-c",
            "python:reviewsite.gunicorn_conf",
            "-b",
            f"fd://{fd}",
            "reviewsite.wsgi",
            keep=(fd,),
        )
        self.add_worker("deliver", processes=4)

    def start_rest(self) -> None:
        self.add_worker("work", processes=2)
        self.add_worker("deliver-slow", processes=1)
        # A child of its own: the one inside `worker -B` outlives its parent. No schedule file: kill -9 may break it.
        self.add(
            "beat",
            "celery",
            "-A",
            "reviewsite",
            "beat",
            "-S",
            "celery.beat:Scheduler",
            "-l",
            "WARNING",
            "--pidfile=",
        )

    def add_worker(self, queue: str, *, processes: int) -> None:
        options = (
            "-Q",
            queue,
            "-c",
            str(processes),
            "-n",
            f"{queue}@%h",
            "--without-gossip",
            "--without-mingle",
        )
        self.add(f"worker-{queue}", "celery", "-A", "reviewsite", "worker", *options)

    def add(self, name: str, *command: str, keep: tuple[int, ...] = ()) -> None:
        self.services.append(Service(name, lambda: self.spawn(name, *command, keep=keep), self.log(name)))

    def spawn(
        self, name: str, *module: str, stdout: int | None = None, keep: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *module]
        return processes.spawn(command, log=self.log(name), env=self.env, cwd=ROOT, stdout=stdout, keep=keep)

    def log(self, name: str) -> Path:
        return self.data / f"{name}.log"

    def watch(self) -> NoReturn:
        while True:
            pause(0.1)
            for service in self.stores + self.services:
                service.revive()
            if self.preparation and self.preparation.poll() is not None:
                self.announce(self.preparation.returncode)
                self.preparation = None
                self.start_rest()

    def announce(self, returncode: int) -> None:
        if returncode != 0:
            raise SystemExit(
                f"The demo did not become ready. The end of {self.log('prepare')}:\n{tail(self.log('prepare'))}"
            )
        say("ready")
        with contextlib.suppress(OSError):
            print(where_to_go(self.data), flush=True)

    def stop(self) -> None:
        running = [service.process for service in self.services]
        running += [self.preparation] if self.preparation else []
        processes.stop(running, ask=signal.SIGTERM, seconds=GRACE_SECONDS, insist=signal.SIGKILL)
        processes.stop(
            [store.process for store in self.stores],
            ask=signal.SIGINT,
            seconds=STOP_SECONDS,
            insist=signal.SIGQUIT,
        )
        shutil.rmtree(self.sockets, ignore_errors=True)


def next_line(pipe: IO[bytes]) -> bytes:
    """Empty when the other end is closed."""
    while not select.select([pipe], [], [], 0)[0]:
        pause(0.05)
    return pipe.readline()


def where_to_go(data: Path) -> str:
    demo = json.loads((data / "demo.json").read_text())
    url, accounts = demo["base_url"], demo["accounts"]
    rows = [f"  {role:<12}{account['email']:<32}{account['password']}" for role, account in accounts.items()]
    return "\n".join(
        [
            "",
            f"  Review       {url}/",
            f"  Admin        {url}/admin/",
            f"  API docs     {url}/api/docs/",
            f"  Webhooks     {url}/demo/sink/ (sign in as the lead)",
            f"  Front end    {front_end(url)}",
            f"  Try it       curl -H 'Authorization: Token {accounts['reviewer']['token']}' {url}/api/projects/",
            "",
            *rows,
            "",
            f"  Accounts and tokens are also in {data}/demo.json, the logs beside it. Ctrl-C stops everything.",
            "",
        ]
    )


def front_end(url: str) -> str:
    return (
        f"{url}/label-studio/"
        if frontend.is_present()
        else "`make frontend` fetches Label Studio's; start again then"
    )


def main() -> None:
    # kill -9 of make ends us as well.
    processes.die_with_parent(signal.SIGTERM, os.getppid())
    heed_stops()
    supervisor = Supervisor(data_folder())
    try:
        supervisor.run()
    finally:
        say("stopping")
        supervisor.stop()


if __name__ == "__main__":
    main()
