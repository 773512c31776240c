"""Starts `make run` with its own PostgreSQL, Redis and processes."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

pytestmark = [pytest.mark.xdist_group("serial"), pytest.mark.timeout(180)]
START_SECONDS = 180
# On an idle machine three would do (1.5 measured); here the rest of the suite may run at the same time.
GONE_SECONDS = 8
NOT_FOR_IT = {"DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "DATA", "PORT", "BASE_URL"}
# `env`: the shell starts what it runs in the background with SIGINT ignored, and make inherits that.
# The virtual environment is the one that runs this test.
MAKE_RUN = ["env", "--default-signal=INT", "make", "-o", ".venv/.embedded", f"BIN={sys.executable}", "run"]


class Run:
    """A running demo with its own data folder; the constructor returns when it is ready."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.output = Path(f"{data}.out")
        env = {k: v for k, v in os.environ.items() if k not in NOT_FOR_IT} | {
            "DATA": str(data),
            "PORT": "18500",
        }
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                MAKE_RUN, cwd=settings.BASE_DIR, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C stops everything" not in self.said():
            assert self.process.poll() is None and time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def said(self) -> str:
        return self.output.read_text()

    def demo(self) -> dict[str, Any]:
        return json.loads((self.data / "demo.json").read_text())

    def get(self, path: str, token: str = "") -> tuple[int, bytes]:
        request = urllib.request.Request(self.demo()["base_url"] + path)
        if token:
            request.add_header("Authorization", f"Token {token}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()

    @property
    def pids(self) -> dict[str, int]:
        return {"make": self.process.pid, "supervisor": min(children_of(self.process.pid))}

    def end(self, sig: signal.Signals, *, who: str = "make") -> set[int]:
        """Send `sig` and return the processes that are still running after GONE_SECONDS."""
        tree = descendants(self.process.pid) | {self.process.pid}
        os.kill(self.pids[who], sig)
        deadline = time.monotonic() + GONE_SECONDS
        while (left := {pid for pid in tree if is_running(pid)}) and time.monotonic() < deadline:
            self.process.poll()
            time.sleep(0.02)
        return left

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()


def children_of(parent: int) -> set[int]:
    return {pid for pid, its_parent in parents().items() if its_parent == parent}


def parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def descendants(root: int) -> set[int]:
    tree, known = parents(), {root}
    while more := {pid for pid, parent in tree.items() if parent in known} - known:
        known |= more
    return known - {root}


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Place:
    """One data folder for all these tests: each starts from what the one before has left."""

    def __init__(self, data: Path) -> None:
        self.data, self.run = data, Run(data)

    def live(self) -> Run:
        if self.run.process.poll() is not None:
            self.run = Run(self.data)
        return self.run


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("run") / "a folder, with blanks")
    yield place
    place.run.close()


@pytest.fixture
def run(place) -> Run:
    return place.live()


def test_the_demo_is_live_and_its_tokens_work(run):
    demo = run.demo()
    assert run.get("/health") == (200, b'{"status": "UP"}')
    assert json.loads(run.get("/readyz")[1])["status"] == "UP"
    assert set(demo["accounts"]) == {"admin", "lead", "reviewer", "reviewer2", "annotator", "annotator2"}
    assert run.get(f"/api/projects/{demo['project_id']}/", demo["accounts"]["reviewer"]["token"])[0] == 200


def test_it_says_where_to_go(run):
    for text in (run.demo()["base_url"] + "/admin/", "/api/docs/", "curl -H 'Authorization: Token "):
        assert text in run.said()


def test_a_register_to_submit_reports_to_runs_beside_it(run):
    with urllib.request.urlopen(run.demo()["register"], timeout=10) as answer:
        assert b"Stub register" in answer.read()


def test_a_shell_works_on_its_data(run):
    shell = shell_on(run.data, "recount", "--check")
    assert (shell.returncode, shell.stdout[:8]) == (0, "no drift"), shell.stderr


def test_a_shell_wants_a_site_that_runs(tmp_path):
    shell = shell_on(tmp_path, "recount", "--check")
    expected = f"Nothing runs on {tmp_path}. Start `make run` in another terminal first.\n"
    assert (shell.returncode, shell.stderr) == (1, expected)


def shell_on(data: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in NOT_FOR_IT} | {"DATA": str(data)}
    shell = [sys.executable, "-m", "devserver.shell", *command]
    return subprocess.run(shell, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, timeout=60)


def test_what_it_keeps_is_private(run):
    for secret in ("demo.json", "secret_key", "web.log"):
        assert (run.data / secret).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("who", "sig"),
    [
        ("make", signal.SIGKILL),
        pytest.param("make", signal.SIGINT, marks=pytest.mark.slow),
        pytest.param("supervisor", signal.SIGKILL, marks=pytest.mark.slow),
    ],
)
def test_its_end_leaves_nothing_running_and_loses_nothing(place, run, who, sig):
    accounts = run.demo()["accounts"]
    assert run.end(sig, who=who) == set()
    assert place.live().demo()["accounts"] == accounts


@pytest.mark.slow
def test_two_folders_run_side_by_side(run, tmp_path):
    other = Run(tmp_path / "other")
    assert other.demo()["base_url"] != run.demo()["base_url"]
    assert other.demo()["accounts"] != run.demo()["accounts"]
    assert other.get("/health") == run.get("/health")
    other.close()


def test_the_database_comes_back_when_it_is_killed(run):
    postgres = int((run.data / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(postgres, signal.SIGKILL)
    token = run.demo()["accounts"]["reviewer"]["token"]
    deadline = time.monotonic() + 30
    # Wait for the message, because a backend of the killed server may still answer for a moment.
    while "postgres exited (-9), restarting it" not in run.said() or not answers(run, token):
        assert time.monotonic() < deadline, run.said()
        time.sleep(0.1)


def answers(run: Run, token: str) -> bool:
    try:
        return run.get("/api/projects/", token)[0] == 200
    except OSError:
        return False
