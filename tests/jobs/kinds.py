"""Kinds of jobs for the tests. A worker that a test starts imports this module, too."""

import os
import signal
import time
from pathlib import Path

from jobs.registry import Continue, Done, job_kind
from jobs.running import RunningJob


def note(running: RunningJob, number: int) -> None:
    """One line for each step that was started: its number and its process."""
    with Path(running.job.parameters["log"]).open("a") as log:
        log.write(f"{number} {os.getpid()}\n")


def steps_in(log: Path) -> list[tuple[int, int]]:
    lines = log.read_text().splitlines() if log.exists() else []
    return [(int(number), int(pid)) for number, pid in map(str.split, lines)]


@job_kind("count", label="Counting")
def count(running: RunningJob) -> Done | Continue:
    """Counts to parameters["to"], one number a step, slowly where it says so."""
    number, to = running.job.cursor or 0, running.job.parameters["to"]
    note(running, number)
    deadline = time.monotonic() + running.job.parameters.get("seconds", 0)
    while time.monotonic() < deadline:
        running.check_cancelled()
        time.sleep(0.05)
    running.report_progress(number + 1, to, f"counted to {number + 1}")
    return Continue(number + 1) if number + 1 < to else Done({"counted": to})


@job_kind("deadly", label="Deadly job", if_stopped="Nobody survived.")
def deadly(running: RunningJob) -> Done:
    note(running, 0)
    os.kill(os.getpid(), signal.SIGKILL)
    return Done()
