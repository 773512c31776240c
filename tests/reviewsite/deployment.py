"""The Dockerfile and docker-compose.yml carried out without Docker: in a folder instead of an image, with
processes instead of containers, on the PostgreSQL and Redis of the tests."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

ROOT = settings.BASE_DIR
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
STORES = ("proxy", "postgres", "redis")
# Would change the machine instead of the image.
ONLY_NOTED = ("useradd", "chown")
REQUIRED = {"SECRET_KEY": "long and random", "POSTGRES_PASSWORD": "letters"}


def ignored() -> list[str]:
    return (ROOT / ".dockerignore").read_text().split()


def interpolated(text: str, variables: Mapping[str, str]) -> str:
    """`${NAME}`, `${NAME:-default}` and `${NAME:?message}` as compose replaces them; the innermost first."""
    one = re.compile(r"\$\{(\w+)(?::([-?])([^{}$]*))?\}")
    while found := one.search(text):
        name, kind, other = found.groups()
        value = variables.get(name) or (other if kind == "-" else "")
        assert value or kind == "-", f"{name}: {other}"
        text = text[: found.start()] + value + text[found.end() :]
    return text.replace("$$", "$")


class Image:
    """What `docker build` makes, below `folder`: /app is `folder`/app."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.env = folder, dict[str, str]()
        self.entrypoint: list[str] = []
        self.noted = folder / "noted"
        self._programs()
        for line in (ROOT / "Dockerfile").read_text().splitlines():
            word, _, rest = line.partition(" ")
            if carry_out := getattr(self, f"do_{word.lower()}", None):
                carry_out(self.inside(rest))

    def inside(self, text: str) -> str:
        return re.sub(r"(?<![\w.])/(app|data)\b", rf"{self.folder}/\1", text)

    def _programs(self) -> None:
        programs = self.folder / "bin"
        programs.mkdir(parents=True)
        for name in ONLY_NOTED:
            (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {self.noted}\n')
        # Where a test environment has pip, everything is there already.
        has_pip = (
            subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0
        )
        (programs / "pip").write_text(
            f'#!/bin/sh\nexec {sys.executable} -m pip "$@" --dry-run -q\n' if has_pip else "#!/bin/sh\n"
        )
        for program in programs.iterdir():
            program.chmod(0o755)
        self.path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    def do_env(self, rest: str) -> None:
        self.env |= dict(pair.split("=", 1) for pair in shlex.split(rest))

    do_arg = do_env

    def do_workdir(self, rest: str) -> None:
        self.app = Path(rest)

    def do_copy(self, rest: str) -> None:
        if rest == ". .":
            shutil.copytree(ROOT, self.app, ignore=self._not_copied, dirs_exist_ok=True)
        else:
            self.app.mkdir(exist_ok=True)
            for found in ROOT.glob(rest.split()[0]):
                shutil.copy(found, self.app)

    def _not_copied(self, folder: str, names: list[str]) -> set[str]:
        at_the_top = ignored() if Path(folder) == ROOT else []
        patterns = ["__pycache__", *at_the_top]
        return set().union(*(shutil.ignore_patterns(pattern)(folder, names) for pattern in patterns))

    def do_run(self, rest: str) -> None:
        done = self.run(["sh", "-ec", rest])
        assert done.returncode == 0, f"RUN {rest}\n{done.stdout}{done.stderr}"

    def do_entrypoint(self, rest: str) -> None:
        self.entrypoint = json.loads(rest)

    def run(self, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.app, env=self.environment(variables), capture_output=True, text=True
        )

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Nothing of the environment of the tests but where programs are."""
        return {"PATH": self.path, "HOME": str(self.folder), **self.env, **variables}


class Containers:
    """The services of the compose file that are made of the image, each a process."""

    def __init__(self, image: Image, *, database: str, redis: str, prefix: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.image = image
        self.file = {
            **REQUIRED,
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "REDIS_PREFIX": prefix,
            "BIND": f"127.0.0.1:{self.port}",
            "WEB_CONCURRENCY": "1",
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def variables(self, name: str) -> dict[str, str]:
        """Of `environment` and of the one `env_file`."""
        service = SERVICES[name]
        assert service["env_file"] == [{"path": ".env", "required": False}]
        named = {key: interpolated(str(value), self.file) for key, value in service["environment"].items()}
        alive = {"ALIVE_FILE": str(self.image.folder / f"{name}.alive")} if "ALIVE_FILE" in named else {}
        return self.file | {key: self.image.inside(value) for key, value in named.items()} | alive

    def start(self, name: str) -> None:
        command = [*self.image.entrypoint, *SERVICES[name]["command"]]
        with (self.image.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=self.image.app,
                env=self.image.environment(self.variables(name)),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, name: str, how: int = signal.SIGTERM) -> int:
        process = self.processes.pop(name)
        process.send_signal(how)
        try:
            return process.wait(30)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    def close(self) -> None:
        for name in list(self.processes):
            self.stop(name)

    def is_healthy(self, name: str) -> bool:
        kind, *command = SERVICES[name]["healthcheck"]["test"]
        command = [
            interpolated(part, {})
            .replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
            .replace("/tmp/alive", str(self.image.folder / f"{name}.alive"))
            for part in command
        ]
        return self.image.run(["sh", "-c", *command] if kind == "CMD-SHELL" else command).returncode == 0

    def get(self, path: str, **headers: str) -> tuple[int, Message, bytes]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.headers, refused.read()

    def status(self) -> dict[str, Any]:
        return json.loads(self.get("/status")[2])

    def until(self, wanted: Any, seconds: float = 60) -> None:
        """Until `wanted` of the status holds."""
        end = time.monotonic() + seconds
        said: Any = None
        while time.monotonic() < end:
            try:
                if wanted(said := self.status()):
                    return
            except OSError as error:
                said = error
            time.sleep(0.2)
        raise AssertionError(f"{said}\n{self.logs()}")

    def logs(self) -> str:
        return "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in self.image.folder.glob("*.log"))


def of_the_image() -> Iterator[str]:
    return (name for name in SERVICES if name not in STORES)
