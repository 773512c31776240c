"""Jobs in a real Celery worker: killed, asked twice, cancelled."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from jobs import runner
from jobs.models import Job, State
from tests.factories import person

from .kinds import steps_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("alone")]
PATIENCE = 40  # seconds
WORKER = ("celery", "-A", "reviewsite", "worker", "-Q", "jobs", "-c", "2", "-n", "jobs@test", "-l", "WARNING")


@pytest.fixture(scope="module")
def worker(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[None]:
    """Two processes, and leases short enough to wait for their end."""
    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
    # The same server, but the database of the tests.
    database = re.sub(r"/\w+(\?|$)", rf"/{name}\1", os.environ["DATABASE_URL"])
    env = os.environ | {"DATABASE_URL": database, "JOB_LEASE_SECONDS": "2", "DEMO": "1"}
    command = [
        sys.executable,
        "-m",
        *WORKER,
        "-I",
        "tests.jobs.kinds",
        "--without-gossip",
        "--without-mingle",
    ]
    with (tmp_path_factory.mktemp("worker") / "log").open("wb") as output:
        process = subprocess.Popen(
            command, env=env, cwd=settings.BASE_DIR, stdout=output, stderr=subprocess.STDOUT
        )
        yield
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "steps"


def begin(kind: str, log: Path, **parameters: float) -> Job:
    job = runner.create(kind, created_by=person("ann"), parameters={"log": str(log), **parameters})
    runner.enqueue(job)
    return job


def until(happened: Callable[[], bool], *, meanwhile: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, list(Job.objects.values())
        meanwhile()
        time.sleep(0.1)


def ended(job: Job) -> bool:
    job.refresh_from_db()
    return job.is_finished


def sweep_at_once() -> None:
    """As beat does, without waiting for a minute since the last message."""
    for pk in Job.objects.unfinished().free().values_list("pk", flat=True):
        runner.send(pk)


def test_job_continues_at_its_cursor_after_kill_9(worker, log):
    job = begin("count", log, to=6, seconds=0.4)
    until(lambda: len(steps_in(log)) == 3)
    number, pid = steps_in(log)[-1]

    os.kill(pid, signal.SIGKILL)
    until(lambda: ended(job), meanwhile=sweep_at_once)

    assert (job.state, job.report, job.done) == (State.SUCCEEDED, {"counted": 6}, 6)
    # The step that was killed ran again; those committed before it did not.
    assert [number for number, _ in steps_in(log)] == [0, 1, 2, 2, 3, 4, 5]


def test_step_that_kills_three_workers_fails(worker, log):
    job = begin("deadly", log)

    until(lambda: ended(job), meanwhile=sweep_at_once)

    detail = "3 workers died while running this job. Nobody survived."
    assert (job.state, job.error) == (
        State.FAILED,
        {"code": "worker_lost", "detail": detail, "field": None},
    )
    assert len({pid for _, pid in steps_in(log)}) == 3


def test_message_delivered_twice_runs_once(worker, log):
    job = begin("count", log, to=1, seconds=1)
    runner.send(job.pk)
    until(lambda: ended(job))
    time.sleep(0.3)

    assert [number for number, _ in steps_in(log)] == [0]


def test_cancelled_within_a_step(worker, log):
    job = begin("count", log, to=1, seconds=60)
    until(lambda: bool(steps_in(log)))

    runner.cancel(job)
    until(lambda: ended(job))

    assert (job.state, job.error["code"]) == (State.CANCELLED, "cancelled")
