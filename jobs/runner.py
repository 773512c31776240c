"""Runs jobs, step by step.

A step is committed together with its cursor, then a worker is asked for the next one. While a step runs, its
worker holds a lease; a message that is delivered twice finds the lease and does nothing. When a worker dies,
its lease runs out, the sweep asks for another one, and that starts again at the last cursor.
"""

import logging
import uuid
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from users.log_context import logged_with
from users.models import User
from users.sentences import sentence as _

from .models import Job, JobQuerySet, State
from .progress import Progress, no_progress
from .registry import Continue, Done, JobKind, kept_kinds, kind_of
from .running import Cancelled, LeasedJob, LeaseLost, RunningJob, WorkerLost

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
ASK_AGAIN_SECONDS = 60
SWEEP_LIMIT = 100
KEPT_DAYS = 90
PRUNE_BATCH = 1000
NO_LEASE = {"lease_token": None, "lease_until": None}


def create(
    kind: str,
    *,
    created_by: User,
    project_id: int | None = None,
    subject_id: int | None = None,
    parameters: dict[str, Any] | None = None,
) -> Job:
    """A queued job. Nobody runs it before `enqueue` or `run_now`, or the sweep a minute later."""
    return Job.objects.create(
        kind=kind,
        created_by=created_by,
        project_id=project_id,
        subject_id=subject_id,
        parameters=parameters or {},
    )


def enqueue(job: Job) -> None:
    """Ask for a worker, once the current transaction is committed."""
    transaction.on_commit(lambda: send(job.pk))


def send(job_id: int, after: float = 0) -> None:
    """If the broker is down, nothing is lost: the sweep asks again. `after`: in so many seconds."""
    Job.objects.filter(pk=job_id).update(queued_at=timezone.now())
    try:
        current_app.send_task("jobs.jobs.run_step", (job_id,), retry=False, countdown=after or None)
    except Exception as error:
        log.warning("no worker could be asked for job %s: %s", job_id, error)


def run_step(job_id: int) -> None:
    """Run the next step, unless another worker has the job or it has ended. In a worker."""
    with logged_with(job_id=job_id):
        if job := _acquire(job_id):
            with LeasedJob(job) as running:
                outcome = _run(running)
            if isinstance(outcome, Continue):
                send(job_id, after=outcome.after) if outcome.after else send(job_id)


def run_now(job: Job, progress: Progress = no_progress) -> Job:
    """Run it to its end within a request or a command. For short work: its lease is not renewed."""
    with logged_with(job_id=job.pk):
        while taken := _acquire(job.pk):
            if not isinstance(_run(RunningJob(taken, progress)), Continue):
                break
    job.refresh_from_db()
    return job


def _acquire(job_id: int) -> Job | None:
    """The job, leased to the caller. None if it is leased already or has ended."""
    # One statement: of two workers, the second waits for the row and then finds it leased.
    taken = Job.objects.unfinished().free().filter(pk=job_id)
    lease = {
        "lease_token": uuid.uuid4(),
        "lease_until": Now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
    }
    started = {"state": State.RUNNING, "started_at": Coalesce("started_at", Now())}
    if not taken.update(attempts=F("attempts") + 1, **started, **lease):
        return None
    return Job.objects.select_related("created_by").get(pk=job_id)


def _run(running: RunningJob) -> Done | Continue | None:
    """None if it did not get to its end. If the database is lost, the step repeats after the lease."""
    job, kind = running.job, kind_of(running.job)
    try:
        if job.cancel_requested_at:
            raise Cancelled
        if job.attempts > MAX_ATTEMPTS:
            raise WorkerLost
        with transaction.atomic() if kind.atomic else nullcontext():
            outcome = kind.step(running)
            _commit(running, outcome)
        return outcome
    except LeaseLost:
        log.warning("job %s was taken over by another worker", job.pk)
    except (OperationalError, InterfaceError):
        log.exception("job %s lost its database and will be tried again", job.pk)
    except Cancelled:
        _end(_leased(job), job, State.CANCELLED, error=_cancelled(kind))
    except WorkerLost:
        detail = _("%(tries)s workers died while running this job.", tries=MAX_ATTEMPTS)
        _end(_leased(job), job, State.FAILED, error=_stopped("worker_lost", detail, kind))
    except ValidationError as refusal:  # what a step refuses, with a sentence for the user
        code, field = getattr(refusal, "code", None) or "failed", getattr(refusal, "field", None)
        detail = getattr(refusal, "detail", None) or " ".join(refusal.messages)
        error = _error(code, detail, field)
        if listed := getattr(refusal, "extra", {}).get("body", {}).get("errors"):
            error["errors"] = listed
        _end(_leased(job), job, State.FAILED, error=error, report=getattr(refusal, "report", None))
    except Exception:
        log.exception("job %s failed", job.pk)
        detail = _("Something went wrong on our side.")
        _end(_leased(job), job, State.FAILED, error=_stopped("failed", detail, kind))
    return None


def _leased(job: Job) -> JobQuerySet:
    return Job.objects.filter(pk=job.pk, lease_token=job.lease_token)


def _commit(running: RunningJob, outcome: Done | Continue) -> None:
    """The last statements of a step's transaction. Raises LeaseLost or Cancelled to roll it back."""
    job = running.job
    progress = {"done": running.done, "total": running.total, "sentence": running.sentence}
    if isinstance(outcome, Continue):
        # A cancellation waits for the next step: this one is complete.
        changes = progress | NO_LEASE | {"cursor": outcome.cursor, "attempts": 0}
        if outcome.after:  # nobody has it, but nobody may take it yet
            changes["lease_until"] = Now() + timedelta(seconds=outcome.after)
        committed = bool(_leased(job).update(**changes))
    else:
        rows = _leased(job).filter(cancel_requested_at=None)
        committed = _end(rows, job, State.SUCCEEDED, report=outcome.report, **progress)
    if not committed:
        raise Cancelled if _leased(job).exists() else LeaseLost


def _end(rows: JobQuerySet, job: Job, state: State, **outcome: Any) -> bool:
    """End the job if it is still among `rows`, and tell its kind in the same transaction."""
    with transaction.atomic():
        if not rows.update(state=state, finished_at=timezone.now(), **outcome, **NO_LEASE):
            return False
        job.state = state
        kind_of(job).on_end(job)
        return True


def _cancelled(kind: JobKind) -> dict[str, Any]:
    return _stopped("cancelled", _("%(job)s cancelled.", job=kind.label), kind)


def _stopped(code: str, detail: str, kind: JobKind) -> dict[str, Any]:
    if kind.if_stopped:
        detail = _("%(why)s %(then)s", why=detail, then=kind.if_stopped)
    return _error(code, detail)


def _error(code: str, detail: str, field: str | None = None) -> dict[str, Any]:
    return {"code": code, "detail": detail, "field": field}


def cancel(job: Job) -> bool:
    """Stop a job; False if it has ended already, or its kind is not to be stopped. A worker that has it
    notices within its step."""
    if not kind_of(job).is_cancellable:
        return False
    with transaction.atomic():
        unfinished = Job.objects.unfinished().filter(pk=job.pk)
        if not unfinished.update(cancel_requested_at=Coalesce("cancel_requested_at", Now())):
            return False
        _end(unfinished.free(), job, State.CANCELLED, error=_cancelled(kind_of(job)))
    job.refresh_from_db()
    return True


def prune() -> None:
    """Remove jobs that ended KEPT_DAYS ago, but those whose report is still shown."""
    ended = Job.objects.filter(finished_at__lt=timezone.now() - timedelta(days=KEPT_DAYS))
    old = ended.exclude(kind__in=kept_kinds()).values_list("pk", flat=True)
    while ids := list(old[:PRUNE_BATCH]):
        Job.objects.filter(pk__in=ids).delete()


def sweep() -> None:
    """Ask again for workers of jobs that none has: the worker died, or the message got lost."""
    asked_before = timezone.now() - timedelta(seconds=ASK_AGAIN_SECONDS)
    # A message may wait behind long jobs; asking again each time would fill the queue.
    waiting = Job.objects.unfinished().free().filter(queued_at__lt=asked_before).order_by("queued_at")
    for job_id in waiting.values_list("pk", flat=True)[:SWEEP_LIMIT]:
        send(job_id)
