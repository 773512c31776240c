"""The site under test: the processes of `make run`, in a folder of its own, with a hand on each of them.

PostgreSQL runs without fsync, because processes are killed here and not the machine, but with synchronous commits: what was
acknowledged was written before.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from devserver import processes
from devserver.embedded import Postgres, Redis
from devserver.processes import pause
from devserver.supervise import ROOT, Service, Supervisor

CLUSTER_SETTINGS = (
    "fsync = off\nfull_page_writes = off\nautovacuum_naptime = 10\ntrack_commit_timestamp = on\n"
)
BACKEND_SECONDS = 20


class Site(Supervisor):
    """`env` goes to every process, `apart` (name of a service → variables) to one of them."""

    def __init__(
        self, data: Path, *, env: dict[str, str], apart: dict[str, dict[str, str]] | None = None
    ) -> None:
        super().__init__(data)
        self.env |= env
        self.apart = apart or {}
        self.left_down: set[str] = set()

    def start_stores(self) -> None:
        redis = Redis(self.data, sockets=self.sockets)
        if not redis.binary:
            raise SystemExit("There is no redis-server on this machine, and the faults are about one.")
        self.postgres = Postgres(self.data, sockets=self.sockets, lock=self.lock, fsync=False)
        self.postgres.init(pause)
        # From here on with synchronous commits.
        self.postgres.fsync = True
        with (self.postgres.cluster / "postgresql.conf").open("a") as settings:
            settings.write(CLUSTER_SETTINGS)
        self.env |= {"REDIS_URL": redis.url, "DATABASE_URL": self.postgres.url}
        self.redis_socket = redis.socket
        self.stores.append(Service("redis", redis.spawn, redis.log))
        self.stores.append(Service("postgres", self.postgres.spawn, self.postgres.log))
        self.postgres.wait_until_up(self.stores[-1].process, pause)

    def furnish(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Migrate, and make the people, annotations and endpoints of bench.chaos.dataset."""
        command = [sys.executable, "-m", "bench.chaos.dataset", json.dumps(spec)]
        with self.log("furnish").open("ab") as log:
            made = subprocess.run(command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        if made.returncode:
            raise SystemExit(f"The site could not be furnished. See {self.log('furnish')}")
        return json.loads(made.stdout)

    def spawn(
        self, name: str, *module: str, stdout: int | None = None, keep: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        command, env = [sys.executable, "-m", *module], self.env | self.apart.get(name, {})
        return processes.spawn(command, log=self.log(name), env=env, cwd=ROOT, stdout=stdout, keep=keep)

    def service(self, name: str) -> Service:
        return next(service for service in self.stores + self.services if service.name == name)

    # --- what befalls it --------------------------------------------------------------------------

    def tick(self) -> None:
        """What `make run` does ten times a second."""
        pause(0.1)
        for service in self.stores + self.services:
            if service.name not in self.left_down:
                service.restart_if_exited()

    def until(self, done: Callable[[], bool], *, seconds: float) -> bool:
        """Keep the site going until `done`; False if the time was over before."""
        end = monotonic() + seconds
        while not done():
            if monotonic() > end:
                return False
            self.tick()
        return True

    def kill(self, name: str) -> None:
        service = self.service(name)
        family = descendants(service.process.pid) if name == "postgres" else set()
        service.process.kill()
        service.process.wait()
        # PostgreSQL starts again when the last backend of the old one has noticed; a supervisor has to wait for that.
        end = monotonic() + BACKEND_SECONDS
        while any(is_running(pid) for pid in family) and monotonic() < end:
            pause(0.02)

    def kill_child(self, name: str, chance: random.Random) -> None:
        """One process of a pool, or one backend."""
        pids = sorted(descendants(self.service(name).process.pid))
        if pids:
            send(chance.choice(pids), signal.SIGKILL)

    def keep_down(self, *names: str) -> None:
        self.left_down |= set(names)
        for name in names:
            self.kill(name)

    def bring_back(self) -> None:
        self.left_down.clear()

    def freeze(self, name: str) -> None:
        send(self.service(name).process.pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        send(self.service(name).process.pid, signal.SIGCONT)

    def flush_redis(self) -> None:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.redis_socket))
                connection.sendall(b"FLUSHALL\r\n")
                connection.recv(64)
        except OSError:
            return  # it is down, and so is empty

    # --- what it says -----------------------------------------------------------------------------

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.env["DATABASE_URL"], connect_timeout=5) as connection:
            return connection.execute(statement).fetchall()

    def change(self, statement: str) -> None:
        with psycopg.connect(self.env["DATABASE_URL"], connect_timeout=5) as connection:
            connection.execute(statement)

    def number(self, statement: str) -> int | None:
        """The one number of a statement; None while the database is down."""
        try:
            return int(self.rows(statement)[0][0])
        except psycopg.OperationalError:
            return None


def descendants(pid: int) -> set[int]:
    found = set(_children(pid))
    return found | {below for child in found for below in descendants(child)}


def _children(pid: int) -> Iterable[int]:
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            yield from map(int, file.read_text().split())
        except OSError:
            continue


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def send(pid: int, sig: signal.Signals) -> None:
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        return
