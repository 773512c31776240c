"""The kinds of jobs: a name and the function that runs one step of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .models import Job
from .running import RunningJob


@dataclass(frozen=True)
class Done:
    """The job has succeeded. `report` is kept with it, as JSON."""

    report: dict[str, Any] | None = None


@dataclass(frozen=True)
class Continue:
    """There is more to do, from `cursor` on (JSON); not before `after` seconds have passed."""

    cursor: Any
    after: float = 0


Step = Callable[[RunningJob], Done | Continue]


@dataclass(frozen=True)
class JobKind:
    """`atomic`: a step is one transaction, committed with its cursor; otherwise the step commits as it likes,
    and is written so that running it twice does no harm. `if_stopped` ends the sentence that says why a job
    stopped. `is_cancellable`: whether people may stop it. `is_kept`: its report is shown elsewhere, so it
    is not removed when it is old. `on_end` is called in the transaction in which a job ends, whichever way.
    """

    name: str
    label: str
    step: Step
    atomic: bool
    if_stopped: str
    is_cancellable: bool
    is_kept: bool
    on_end: Callable[[Job], None]


_kinds: dict[str, JobKind] = {}


def job_kind(
    name: str,
    *,
    label: str,
    atomic: bool = True,
    if_stopped: str = "",
    is_cancellable: bool = True,
    is_kept: bool = False,
    on_end: Callable[[Job], None] = lambda job: None,
) -> Callable[[Step], Step]:
    """Registers a step function. It belongs in `<app>/jobs.py`, which every process imports at its start."""

    def register(step: Step) -> Step:
        _kinds[name] = JobKind(name, label, step, atomic, if_stopped, is_cancellable, is_kept, on_end)
        return step

    return register


def kind_of(job: Job) -> JobKind:
    return _kinds[job.kind]


def kept_kinds() -> list[str]:
    return [kind.name for kind in _kinds.values() if kind.is_kept]


def label_of(job: Job) -> str:
    return _kinds[job.kind].label if job.kind in _kinds else job.kind
