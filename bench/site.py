"""A whole site in a throw-away folder: the processes of `make run` on a database and a Redis of their own.

PostgreSQL runs without fsync, because processes may be killed here but not the machine, and with synchronous
commits, as in production: what was acknowledged has been written.
"""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg

from devserver import processes
from devserver.embedded import Postgres, Redis
from devserver.processes import pause
from devserver.supervise import HOST, ROOT, Service, Supervisor

# Set in the shell or by `make test`, and not meant for a site that is started here.
FOREIGN_VARIABLES = (
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_PREFIX",
    "BASE_URL",
    "PORT",
    "DATA",
    "WEBHOOK_TIME_SCALE",
)
NO_FSYNC = "fsync = off\nfull_page_writes = off\nautovacuum_naptime = 10\n"


class ThrowAwaySite(Supervisor):
    """`env` goes to every process, `service_env` to the service of that name. Without `workers` there is
    only a web server."""

    postgres_settings = NO_FSYNC

    def __init__(
        self,
        data: Path,
        *,
        env: dict[str, str],
        service_env: dict[str, dict[str, str]] | None = None,
        workers: bool = True,
    ) -> None:
        super().__init__(data)
        self.env |= env
        self.service_env, self.workers = service_env or {}, workers
        self.kept_down: set[str] = set()

    def start_stores(self) -> None:
        self.redis = redis = Redis(self.data, sockets=self.sockets)
        self.postgres = Postgres(self.data, sockets=self.sockets, lock=self.lock, fsync=False)
        self.postgres.init(pause)
        # That was for initdb alone: a server with fsync=False would not commit synchronously either.
        self.postgres.fsync = True
        with (self.postgres.cluster / "postgresql.conf").open("a") as settings:
            settings.write(self.postgres_settings)
        self.env |= {"REDIS_URL": redis.url, "DATABASE_URL": self.postgres.url}
        if redis.binary:
            self.stores.append(Service("redis", redis.spawn, redis.log))
        self.stores.append(Service("postgres", self.postgres.spawn, self.postgres.log))
        self.postgres.wait_until_up(self.stores[-1].process, pause)

    def fill(self, module: str, spec: dict[str, Any]) -> dict[str, Any]:
        """Run a module that migrates and fills the database as `spec` says, and prints JSON; returns that."""
        command = [sys.executable, "-m", module, json.dumps(spec)]
        with self.log("fill").open("ab") as log:
            done = subprocess.run(command, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        if done.returncode:
            raise SystemExit(f"{module} failed. {self.log_end('fill')}")
        return json.loads(done.stdout)

    def spawn(
        self, name: str, *module: str, stdout: int | None = None, keep: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *module]
        # PostgreSQL's log names a connection by its application.
        env = self.env | {"PGAPPNAME": name} | self.service_env.get(name, {})
        return processes.spawn(command, log=self.log(name), env=env, cwd=ROOT, stdout=stdout, keep=keep)

    @property
    def port(self) -> int:
        return self.listener.getsockname()[1]

    def service(self, name: str) -> Service:
        return next(service for service in self.stores + self.services if service.name == name)

    def cpu_seconds(self, name: str) -> float:
        """Used by a service and its processes so far, those that ended included."""
        pid = self.service(name).process.pid
        return sum(map(_cpu_seconds, [pid, *descendants(pid)]))

    def tick(self) -> None:
        """What `make run` does ten times a second."""
        pause(0.1)
        for service in self.stores + self.services:
            if service.name not in self.kept_down:
                service.restart_if_exited()

    def until(self, done: Callable[[], bool], *, seconds: float) -> bool:
        """Keep the site going until `done`; False if the time was over before."""
        end = monotonic() + seconds
        while not done():
            if monotonic() > end:
                return False
            self.tick()
        return True

    def start(self, *, seconds: float) -> None:
        """Start what serves, and wait until it does."""
        self.start_essentials()
        if self.workers:
            self.start_rest()
        if not self.until(lambda: self.answers("/status" if self.workers else "/health"), seconds=seconds):
            raise SystemExit(f"The site was not ready after {seconds:.0f} seconds.")

    def add_worker(self, queue: str, *, processes: int) -> None:
        if self.workers:
            super().add_worker(queue, processes=processes)

    def answers(self, path: str) -> bool:
        """Whether it says 200."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.env["DATABASE_URL"], connect_timeout=5, autocommit=True)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(statement.encode()).fetchall()


def forget_foreign_variables() -> None:
    for name in FOREIGN_VARIABLES:
        os.environ.pop(name, None)


def descendants(pid: int) -> set[int]:
    """Process ids of its children, theirs, and so on."""
    found = _children(pid)
    return found | {below for child in found for below in descendants(child)}


def _cpu_seconds(pid: int) -> float:
    """Of a process and of those of its children that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _children(pid: int) -> set[int]:
    """None if the process ends meanwhile."""
    try:
        files = list(Path(f"/proc/{pid}/task").glob("*/children"))
        return {int(child) for file in files for child in file.read_text().split()}
    except OSError:
        return set()
