"""`make run`: the whole demo as one tree of processes. However it ends, no process is left running."""

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
from functools import partial
from pathlib import Path
from typing import IO, NoReturn

from labelstudio import frontend

from . import processes
from .data_folder import data_folder, keep_last_logs, lock, secret_key
from .embedded import STOP_SECONDS, Postgres, Redis, socket_folder, tail
from .processes import install_stop_handlers, pause

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
PORTS_TO_TRY = 50
QUICK_SECONDS = 15
QUICK_DEATHS = 4
# Celery acknowledges late, so a job that is cut off runs again at the next start: no need to wait for it.
GRACE_SECONDS = 1.0
STARTED = time.monotonic()


def print_status(text: str) -> None:
    # The terminal may be gone already.
    with contextlib.suppress(OSError):
        print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


@dataclass
class Service:
    """A child that is restarted when it exits, unless it keeps exiting soon after its start."""

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

    def restart_if_exited(self) -> None:
        if self.process.poll() is None:
            return
        processes.kill_group(self.process.pid)
        quick = time.monotonic() - self.started < QUICK_SECONDS
        # SIGKILL comes from outside (a developer, the kernel out of memory): not the fault of the service.
        by_itself = self.process.returncode != -signal.SIGKILL
        self.quick_deaths = self.quick_deaths + 1 if quick and by_itself else 0
        if self.quick_deaths >= QUICK_DEATHS:
            raise SystemExit(
                f"{self.name} exits as soon as it starts. The end of {self.log}:\n{tail(self.log)}"
            )
        print_status(f"{self.name} exited ({self.process.returncode}), restarting it")
        pause(0.2 * self.quick_deaths)
        self.run()


def listen(wanted: int) -> socket.socket:
    """Bind the port here and pass the socket on: two copies that start together never pick the same port."""
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
            print_status(f"port {wanted} is in use, using {port} instead")
        return listener
    raise SystemExit(f"No free port found from {wanted} upwards. Choose another one: make run PORT=…")


def wanted_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SystemExit(f"PORT={text} is not a port number.")
    return int(text)


def environment(data: Path, port: int) -> dict[str, str]:
    """Variables of the child processes. What the user has set, unless empty, overrides the demo's."""
    defaults = {
        "DEMO": "1",
        "SECRET_KEY": secret_key(data),
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
        "BASE_URL": f"http://{HOST}:{port}",
    }
    given = {name: value for name, value in os.environ.items() if value}
    return (
        defaults
        | given
        | {"DATA": str(data), "DJANGO_SETTINGS_MODULE": "devserver.settings", "PYTHONUNBUFFERED": "1"}
    )


class Supervisor:
    """Starts everything in order, restarts what exits, stops everything in reverse order."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.lock = lock(data)
        self.sockets = socket_folder(data)
        self.listener = listen(wanted_port())
        port = self.listener.getsockname()[1]
        self.env = environment(data, port)
        self.register: socket.socket | None = None
        if "AVID_API_URL" not in self.env:
            self.register = listen(port + 1)
            self.env["AVID_API_URL"] = f"http://{HOST}:{self.register.getsockname()[1]}/"
        self.stores: list[Service] = []
        self.services: list[Service] = []
        self.prepare_process: subprocess.Popen[bytes] | None = None

    def run(self) -> NoReturn:
        keep_last_logs(self.data)
        self.start_stores()
        self.prepare()
        self.start_essentials()
        self.watch()

    def start_stores(self) -> None:
        if "REDIS_URL" not in self.env:
            redis = Redis(self.data, sockets=self.sockets)
            self.env["REDIS_URL"] = redis.url
            if redis.binary:
                self.stores.append(Service("redis", redis.spawn, redis.log))
        if "DATABASE_URL" not in self.env:
            print_status("starting PostgreSQL")
            postgres = Postgres(self.data, sockets=self.sockets, lock=self.lock)
            self.env["DATABASE_URL"] = postgres.url
            postgres.init(pause)
            self.stores.append(Service("postgres", postgres.spawn, postgres.log))
            postgres.wait_until_up(self.stores[-1].process, pause)

    def prepare(self) -> None:
        """Migrate and load the demo. The process keeps running: it exits when the site is ready."""
        self.prepare_process = self.spawn("prepare", "devserver.prepare", stdout=subprocess.PIPE)
        assert self.prepare_process.stdout
        while line := next_line(self.prepare_process.stdout):
            if line == b"prepared\n":
                return
            print_status(line.decode().strip())
        raise SystemExit(f"The database could not be prepared. {self.log_end('prepare')}")

    def start_essentials(self) -> None:
        """The web server, and who sends. The rest starts later, so that on two cores these start faster."""
        print_status("starting the web server and the workers")
        fd = self.listener.fileno()
        command = f"gunicorn -c python:reviewsite.gunicorn_conf -b fd://{fd} reviewsite.wsgi"
        self.add("web", command, keep=(fd,))
        self.add_worker("deliver", processes=4)

    def start_rest(self) -> None:
        self.add_worker("work", processes=1)
        self.add_worker("jobs", processes=1)
        self.add_worker("deliver-slow", processes=1)
        if self.register:
            fd = self.register.fileno()
            self.add("register", f"devserver.register --fd {fd}", keep=(fd,))
        # Not `worker -B`: its beat survives a killed worker.
        self.add("beat", "celery -A reviewsite beat -S reviewsite.beat:Scheduler -l WARNING --pidfile=")

    def add_worker(self, queue: str, *, processes: int) -> None:
        options = f"-Q {queue} -c {processes} -n {queue}@%h --without-gossip --without-mingle"
        self.add(f"worker-{queue}", f"celery -A reviewsite worker {options}")

    def add(self, name: str, command: str, *, keep: tuple[int, ...] = ()) -> None:
        """A service that runs a Python module with its arguments; `keep` are file descriptors it inherits."""
        start = partial(self.spawn, name, *command.split(), keep=keep)
        self.services.append(Service(name, start, self.log(name)))

    def spawn(
        self, name: str, *module: str, stdout: int | None = None, keep: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", *module]
        return processes.spawn(command, log=self.log(name), env=self.env, cwd=ROOT, stdout=stdout, keep=keep)

    def log(self, name: str) -> Path:
        return self.data / f"{name}.log"

    def log_end(self, name: str) -> str:
        return f"The end of {self.log(name)}:\n{tail(self.log(name))}"

    def watch(self) -> NoReturn:
        while True:
            pause(0.1)
            for service in self.stores + self.services:
                service.restart_if_exited()
            if self.prepare_process and self.prepare_process.poll() is not None:
                self.announce(self.prepare_process.returncode)
                self.prepare_process = None
                self.start_rest()

    def announce(self, returncode: int) -> None:
        if returncode != 0:
            raise SystemExit(f"The demo did not become ready. {self.log_end('prepare')}")
        print_status("ready")
        with contextlib.suppress(OSError):
            print(summary(self.data), flush=True)

    def stop(self) -> None:
        programs = [service.process for service in self.services]
        if self.prepare_process:
            programs.append(self.prepare_process)
        processes.stop(programs, ask=signal.SIGTERM, seconds=GRACE_SECONDS, insist=signal.SIGKILL)
        # The databases last: the programs above are their clients.
        stores = [store.process for store in self.stores]
        processes.stop(stores, ask=signal.SIGINT, seconds=STOP_SECONDS, insist=signal.SIGQUIT)
        shutil.rmtree(self.sockets, ignore_errors=True)


def next_line(pipe: IO[bytes]) -> bytes:
    """Wait for a line, but stop when asked to. Empty when the other end is closed."""
    while not select.select([pipe], [], [], 0)[0]:
        pause(0.05)
    return pipe.readline()


def summary(data: Path) -> str:
    """Addresses and accounts, printed when everything is up."""
    demo = json.loads((data / "demo.json").read_text())
    url, accounts = demo["base_url"], demo["accounts"]
    rows = [f"  {role:<12}{account['email']:<32}{account['password']}" for role, account in accounts.items()]
    front_end = (
        f"{url}/label-studio/projects/"
        if frontend.is_present()
        else "run `make frontend` for Label Studio's, then restart"
    )
    campaign = demo["campaign"]
    return f"""
  Start        {url}/start/
  Crowd        {campaign["review"] if campaign else "the campaign was deleted"} (without an account)
  Audits       {url}/audits/ (sign in as the annotator)
  Admin        {url}/admin/
  API docs     {url}/api/docs/
  Webhooks     {url}/demo/sink/ (sign in as the lead)
  Register     {demo["register"]} (what reports of audits are submitted to)
  Front end    {front_end}
  Try it       curl -H 'Authorization: Token {accounts["reviewer"]["token"]}' {url}/api/projects/

{chr(10).join(rows)}

  The accounts, with tokens, are also in {data}/demo.json, beside the logs. Ctrl-C stops everything.
"""


def main() -> None:
    # Also when make is killed with kill -9.
    processes.die_with_parent(signal.SIGTERM, os.getppid())
    install_stop_handlers()
    supervisor = Supervisor(data_folder())
    try:
        supervisor.run()
    finally:
        print_status("stopping")
        supervisor.stop()


if __name__ == "__main__":
    main()
