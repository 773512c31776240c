"""Steps, leases and ends of jobs, without a worker."""

import dataclasses
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from jobs import registry, runner, running
from jobs.models import Job, State
from jobs.registry import Continue, Done, JobKind
from jobs.running import RunningJob
from tests.factories import person
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timezone.now() - timedelta(hours=1)


@pytest.fixture
def ann() -> User:
    return person("ann")


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> list[int]:
    messages: list[int] = []
    monkeypatch.setattr(runner, "send", messages.append)
    monkeypatch.setattr(running, "REPORT_SECONDS", 0)
    return messages


@pytest.fixture
def job_that(monkeypatch, ann) -> Callable[..., Job]:
    """job_that(step): a job whose steps call it. Its ends are noted in `ended`."""

    def make(step: Callable[[RunningJob], Any], **kind: Any) -> Job:
        settings = {
            "atomic": True,
            "if_stopped": "",
            "is_cancellable": True,
            "is_kept": False,
            "on_end": lambda job: None,
        } | kind
        monkeypatch.setitem(registry._kinds, "test", JobKind("test", "Test", step, **settings))
        return runner.create("test", created_by=ann)

    return make


def elsewhere(act: Callable[[], Any]) -> None:
    """On another connection, as another process would."""

    def closing() -> None:
        act()
        connection.close()

    thread = threading.Thread(target=closing)
    thread.start()
    thread.join()


def read(job: Job) -> Job:
    job.refresh_from_db()
    return job


def write_something(note: str) -> None:
    """A change of the database, to see what was rolled back."""
    User.objects.filter(email="ann@example.org").update(phone=note)


def written() -> str:
    return User.objects.get(email="ann@example.org").phone


def test_steps_run_until_one_is_the_last(job_that, sent):
    def step(running: RunningJob) -> Done | Continue:
        number = (running.job.cursor or 0) + 1
        running.report_progress(number, 2, f"{number} of 2")
        return Done({"steps": number}) if number == 2 else Continue(number)

    job = job_that(step)
    runner.run_step(job.pk)
    between = read(job).state, job.cursor, job.done, job.sentence, job.lease_until, sent == [job.pk]
    runner.run_step(job.pk)

    assert between == (State.RUNNING, 1, 1, "1 of 2", None, True)
    assert (read(job).state, job.report, job.error, job.percent) == (
        State.SUCCEEDED,
        {"steps": 2},
        None,
        100,
    )
    assert job.started_at < job.finished_at


def test_finished_job_is_not_run_again(job_that):
    steps = []
    job = job_that(lambda running: steps.append(1) or Done())

    runner.run_step(job.pk)
    runner.run_step(job.pk)

    assert steps == [1]


def test_job_leased_by_another_worker_is_not_run(job_that):
    steps: list[int] = []

    def step(running: RunningJob) -> Done:
        steps.append(1)
        elsewhere(lambda: runner.run_step(running.job.pk))
        return Done()

    job = job_that(step)
    runner.run_step(job.pk)

    assert (steps, read(job).state) == ([1], State.SUCCEEDED)


def test_progress_is_seen_while_the_transaction_is_open(job_that):
    seen: list[tuple] = []

    def look() -> None:
        job = Job.objects.get()
        seen.append((job.done, job.total, job.percent, job.sentence, written()))

    def step(running: RunningJob) -> Done:
        write_something("half")
        running.report_progress(3, 4, "three")
        elsewhere(look)
        return Done()

    runner.run_step(job_that(step).pk)

    assert seen == [(3, 4, 75, "three", "")]
    assert written() == "half"


def test_refusal_ends_the_job_with_its_reason(job_that):
    def step(running: RunningJob) -> Done:
        write_something("half")
        raise ValidationError("This is no list.", code="no_list")

    job = job_that(step, if_stopped="Nothing was done.")
    runner.run_step(job.pk)

    assert read(job).error == {"code": "no_list", "detail": "This is no list.", "field": None}
    assert (job.state, written()) == (State.FAILED, "")


def test_fault_of_ours_ends_the_job(job_that, caplog):
    job = job_that(lambda running: 1 / 0, if_stopped="Nothing was done.")
    runner.run_step(job.pk)

    assert read(job).state == State.FAILED
    assert job.error["detail"] == "Something went wrong on our side. Nothing was done."
    assert "ZeroDivisionError" in caplog.text


def test_step_is_repeated_after_a_lost_database_and_given_up_in_the_end(job_that):
    def step(running: RunningJob) -> Done:
        raise OperationalError("gone")

    job = job_that(step)
    for attempt in range(1, runner.MAX_ATTEMPTS + 1):
        runner.run_step(job.pk)
        assert (read(job).state, job.attempts) == (State.RUNNING, attempt)
        Job.objects.update(lease_until=LONG_AGO)
    runner.run_step(job.pk)

    assert (read(job).state, job.error["code"]) == (State.FAILED, "worker_lost")


def test_step_that_commits_starts_with_no_attempts_used(job_that):
    job = job_that(lambda running: Continue(1))
    Job.objects.update(attempts=runner.MAX_ATTEMPTS - 1)

    runner.run_step(job.pk)

    assert read(job).attempts == 0


def lose_lease(running: RunningJob) -> None:
    """Another worker takes over, as it would had this one been frozen."""
    Job.objects.filter(pk=running.job.pk).update(lease_until=LONG_AGO)
    runner._acquire(running.job.pk)


def test_worker_that_lost_its_lease_commits_nothing(job_that):
    def step(running: RunningJob) -> Done:
        write_something("half")
        elsewhere(lambda: lose_lease(running))
        return Done()

    job = job_that(step)
    runner.run_step(job.pk)

    assert (read(job).state, job.attempts, written()) == (State.RUNNING, 2, "")


def test_worker_that_lost_its_lease_stops_at_its_next_report(job_that):
    def step(running: RunningJob) -> Done:
        elsewhere(lambda: lose_lease(running))
        running.report_progress(1)
        raise AssertionError("went on")

    job = job_that(step)
    runner.run_step(job.pk)

    assert (read(job).state, job.error) == (State.RUNNING, None)


def test_lease_is_renewed_while_one_statement_takes_long(job_that, settings):
    settings.JOB_LEASE_SECONDS = 1

    def step(running: RunningJob) -> Done:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(1.5)")
        assert not Job.objects.free().exists()
        return Done()

    job = job_that(step)
    runner.run_step(job.pk)

    assert read(job).state == State.SUCCEEDED


def test_on_end_runs_in_the_same_transaction(job_that):
    def fail(job: Job) -> None:
        raise RuntimeError

    job = job_that(lambda running: Done(), on_end=fail)
    with pytest.raises(RuntimeError):
        runner.run_step(job.pk)

    assert read(job).state == State.RUNNING


@pytest.mark.parametrize("error", [None, ValueError, ValidationError("no", code="no")])
def test_on_end_is_called_for_every_end(job_that, error):
    ends: list[str] = []

    def step(running: RunningJob) -> Done:
        if error:
            raise error
        return Done()

    runner.run_step(job_that(step, on_end=lambda job: ends.append(job.state)).pk)

    assert ends == [State.FAILED if error else State.SUCCEEDED]


# --- within a request -----------------------------------------------------------------------------------


def test_short_job_runs_within_the_request(job_that, sent):
    def step(running: RunningJob) -> Done | Continue:
        running.report_progress(1, 2)
        return Done() if running.job.cursor else Continue(1)

    job = runner.run_now(job_that(step))

    assert (job.state, job.done, sent) == (State.SUCCEEDED, 1, [])


# --- cancelling -----------------------------------------------------------------------------------------


def test_queued_job_is_cancelled_at_once(job_that):
    ends: list[str] = []
    job = job_that(lambda running: Done(), if_stopped="Nothing.", on_end=lambda job: ends.append(job.state))

    assert runner.cancel(job)
    runner.run_step(job.pk)

    assert (job.state, ends) == (State.CANCELLED, [State.CANCELLED])
    assert job.error == {"code": "cancelled", "detail": "Test cancelled. Nothing.", "field": None}


@pytest.mark.parametrize("reports", [True, False])
def test_running_job_is_cancelled_within_its_step(job_that, reports):
    def step(running: RunningJob) -> Done:
        write_something("half")
        elsewhere(lambda: runner.cancel(running.job))
        if reports:
            running.check_cancelled()
            raise AssertionError("went on")
        return Done()

    job = job_that(step)
    runner.run_step(job.pk)

    assert (read(job).state, written()) == (State.CANCELLED, "")


def test_job_is_cancelled_between_steps(job_that):
    def step(running: RunningJob) -> Continue:
        write_something("step")
        elsewhere(lambda: runner.cancel(running.job))
        return Continue(1)

    job = job_that(step)
    runner.run_step(job.pk)
    runner.run_step(job.pk)

    assert (read(job).state, written()) == (State.CANCELLED, "step")


def test_finished_job_cannot_be_cancelled(job_that):
    job = runner.run_now(job_that(lambda running: Done()))

    assert not runner.cancel(job)
    assert (read(job).state, job.cancel_requested_at) == (State.SUCCEEDED, None)


# --- asking for workers -----------------------------------------------------------------------------------


def test_worker_is_asked_for_after_the_commit(job_that, sent):
    job = job_that(lambda running: Done())
    with transaction.atomic():
        runner.enqueue(job)
        before = list(sent)

    assert (before, sent) == ([], [job.pk])


@pytest.mark.parametrize(
    ("changes", "is_asked"),
    [
        ({}, False),
        ({"queued_at": LONG_AGO}, True),
        ({"queued_at": LONG_AGO, "state": State.RUNNING, "lease_until": LONG_AGO}, True),
        (
            {"queued_at": LONG_AGO, "state": State.RUNNING, "lease_until": timezone.now() + timedelta(1)},
            False,
        ),
        ({"queued_at": LONG_AGO, "state": State.SUCCEEDED, "finished_at": LONG_AGO}, False),
    ],
    ids=["just queued", "message lost", "worker dead", "worker alive", "finished"],
)
def test_sweep_asks_for_jobs_that_no_worker_has(job_that, sent, changes, is_asked):
    job = job_that(lambda running: Done())
    Job.objects.update(**changes)

    runner.sweep()

    assert sent == ([job.pk] if is_asked else [])


def test_step_that_has_to_wait_is_asked_for_later_and_not_run_before(job_that, monkeypatch):
    asked = []
    monkeypatch.setattr(runner, "send", lambda *args, **more: asked.append((args, more)))
    job = job_that(lambda running: Continue(running.job.cursor or 1, after=30))

    runner.run_step(job.pk)
    runner.run_step(job.pk)

    assert (asked, read(job).cursor, job.attempts) == ([((job.pk,), {"after": 30})], 1, 0)
    assert timedelta(seconds=25) < job.lease_until - timezone.now() < timedelta(seconds=30)


def test_broker_that_is_down_loses_nothing(job_that, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(runner.current_app, "send_task", lambda *args, **how: 1 / 0)
    job = runner.create("count", created_by=User.objects.get())

    runner.send(job.pk)

    assert read(job).state == State.QUEUED


def test_jobs_are_removed_ninety_days_after_their_end(job_that, monkeypatch):
    old, kept, recent = (job_that(lambda running: Done()) for _ in range(3))
    Job.objects.filter(pk=kept.pk).update(kind="kept")
    monkeypatch.setitem(
        registry._kinds, "kept", dataclasses.replace(registry._kinds["test"], name="kept", is_kept=True)
    )
    for job, days in ((old, 91), (kept, 91), (recent, 89)):
        ended = timezone.now() - timedelta(days=days)
        Job.objects.filter(pk=job.pk).update(state=State.SUCCEEDED, finished_at=ended)
    waiting = job_that(lambda running: Done())

    runner.prune()

    assert set(Job.objects.values_list("pk", flat=True)) == {kept.pk, recent.pk, waiting.pk}
