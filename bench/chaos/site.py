"""The site under test, and what is done to its processes."""

import os
import random
import signal
import socket
from pathlib import Path
from time import monotonic

import psycopg

from bench.site import NO_FSYNC, ThrowAwaySite, descendants
from devserver.processes import pause

BACKEND_SECONDS = 20


class Site(ThrowAwaySite):
    postgres_settings = NO_FSYNC + "track_commit_timestamp = on\n"

    def start_stores(self) -> None:
        super().start_stores()
        if not self.redis.binary:
            raise SystemExit("There is no redis-server on this machine, and some faults are in Redis.")

    def kill(self, name: str) -> None:
        service = self.service(name)
        backends = descendants(service.process.pid) if name == "postgres" else set()
        service.process.kill()
        service.process.wait()
        # A new PostgreSQL refuses to start while a backend of the old one is still running.
        end = monotonic() + BACKEND_SECONDS
        while any(is_running(pid) for pid in backends) and monotonic() < end:
            pause(0.02)

    def kill_child(self, name: str, chance: random.Random) -> None:
        """One process of a pool, or one backend."""
        pids = sorted(descendants(self.service(name).process.pid))
        if pids:
            send_signal(chance.choice(pids), signal.SIGKILL)

    def keep_down(self, *names: str) -> None:
        self.kept_down |= set(names)
        for name in names:
            self.kill(name)

    def bring_back(self) -> None:
        self.kept_down.clear()

    def freeze(self, name: str) -> None:
        send_signal(self.service(name).process.pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        send_signal(self.service(name).process.pid, signal.SIGCONT)

    def flush_redis(self) -> None:
        """Nothing if it is down: it keeps nothing, and starts empty."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.redis.socket))
                connection.sendall(b"FLUSHALL\r\n")
                connection.recv(64)
        except OSError:
            return

    def number(self, statement: str) -> int | None:
        """The one number a query returns; None while the database is down."""
        try:
            return int(self.rows(statement)[0][0])
        except psycopg.OperationalError:
            return None


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def send_signal(pid: int, sig: signal.Signals) -> None:
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        return
