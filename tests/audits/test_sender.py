"""The sender against a register that is a real HTTP server."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from audits import outbox, register, sender, submitting
from audits.models import Report, Submission, SubmissionState, Version
from devserver.register import Register
from tests.factories import person
from tests.parallel import together

from . import factories
from .steps import queued

KEY = "the-key-of-this-site"


@pytest.fixture
def stub(settings) -> Iterator[Register]:
    with Register() as running:
        settings.AVID_API_URL, settings.AVID_API_KEY = running.url, KEY
        settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        yield running


@pytest.fixture
def submission(dataset, ada, stub) -> Submission:
    return queued(factories.fitted(dataset, ada))


def send_all(times: int = 10) -> None:
    """As the sweep does, each time after the wait is over."""
    for _ in range(times):
        for pk in Submission.objects.filter(state=SubmissionState.QUEUED).values_list("pk", flat=True):
            Submission.objects.filter(pk=pk).update(next_attempt_at=Now())
            sender.send(pk)


def outcome() -> tuple[str, str, int, int | None]:
    """State of the submission and of its report, attempts, and the last status."""
    row = Submission.objects.get()
    return row.state, Report.objects.get().state, row.attempts, row.last_status


def test_503_503_200_is_sent_once(submission, stub):
    stub.script.extend(["503", "503"])

    send_all()

    assert stub.answers == ["503", "503", "200"]
    assert outcome() == ("submitted", "submitted", 3, 200)
    row = Submission.objects.get()
    assert str(row.register_id) == stub.received[-1].register_id
    assert row.submitted_at and not row.last_error
    assert len({one.raw for one in stub.received}) == 1
    assert stub.received[0].body == submission.body


def test_request_is_what_the_register_asks_for(submission, stub):
    send_all()

    headers = stub.received[0].headers
    assert headers["authorization"] == KEY
    assert headers["content-type"] == "application/json"


def test_400_has_failed(submission, stub):
    stub.script.append("400")

    send_all()

    assert (stub.answers, outcome()) == (["400"], ("failed", "failed", 1, 400))
    assert Submission.objects.get().last_error == 'The register refused it (400): "the script says 400"'


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("hang", "The report was sent, but no answer within 0.3 s."),
        # Whether the status still counts depends on which of two clocks is faster.
        ("hang after headers", "The re"),
        ("reset", "The report was sent, but the connection broke off."),
        ("no id", "The register answered 200, but not with an id: "),
    ],
)
def test_without_a_usable_answer_it_is_uncertain_and_not_sent_again(
    submission, stub, monkeypatch, act, sentence
):
    monkeypatch.setattr(register, "SECONDS", 0.3)
    stub.script.append(act)

    send_all()

    assert (stub.answers, outcome()[:3]) == ([act], ("uncertain", "uncertain", 1))
    assert Submission.objects.get().last_error.startswith(sentence)


def test_without_a_connection_it_is_sent_later(submission, stub):
    stub.server.shutdown()
    stub.server.server_close()
    sender.send(submission.pk)

    row = Submission.objects.get()
    assert (row.state, row.attempts, row.sending_since) == ("queued", 1, None)
    assert row.last_error.startswith("No connection to the register: ")
    assert timedelta(seconds=25) < row.next_attempt_at - timezone.now() <= timedelta(seconds=30)


def test_after_six_retries_it_has_failed(submission, stub):
    stub.script.extend(["500"] * 20)

    send_all(20)

    assert (len(stub.received), outcome()) == (7, ("failed", "failed", 7, 500))
    assert Submission.objects.get().last_error == "The register answered 500. So it was 7 times."


def test_waits_are_exponential(submission, stub):
    stub.script.extend(["429"] * 6)
    waits = []
    for _ in range(6):
        Submission.objects.update(next_attempt_at=Now())
        sender.send(submission.pk)
        waits.append(round((Submission.objects.get().next_attempt_at - timezone.now()).total_seconds(), -1))

    assert waits == [30, 120, 480, 1920, 7680, 30720]


@pytest.mark.parametrize(("asked", "seconds"), [("429 600", 600), ("503 5", 30), ("503 999999", 86400)])
def test_retry_after_is_honoured(submission, stub, asked, seconds):
    stub.script.append(asked)

    sender.send(submission.pk)

    wait = Submission.objects.get().next_attempt_at - timezone.now()
    assert seconds - 5 < wait.total_seconds() <= seconds


def test_what_is_not_due_is_not_sent(submission, stub):
    Submission.objects.update(next_attempt_at=Now() + timedelta(seconds=5))
    sender.send(submission.pk)
    assert stub.received == []


def test_redirect_is_not_followed(submission, stub):
    stub.script.append("302")
    send_all()
    assert (stub.answers, outcome()) == (["302"], ("failed", "failed", 1, 302))


def test_register_in_a_private_network_must_be_allowed(submission, stub, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []

    sender.send(submission.pk)

    assert stub.received == []
    assert "WEBHOOK_ALLOWED_NETWORKS" in Submission.objects.get().last_error


def test_key_is_in_no_log_and_in_no_row(submission, stub, caplog):
    caplog.set_level("DEBUG")
    stub.script.append("400")
    stub.reply = f"You sent {KEY}"

    send_all()

    assert Submission.objects.get().last_error == 'The register refused it (400): "You sent …"'
    assert KEY not in caplog.text


def test_id_of_another_report_is_no_id(submission, stub, ada):
    send_all()
    stub.next_id = stub.received[0].register_id
    second = queued(submission.revision.report.model.versions.get())

    send_all()

    second.refresh_from_db()
    assert (second.state, second.last_error, second.register_id) == ("uncertain", outbox.TAKEN, None)


# --- workers that meet, and workers that die ---


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_it_once(dataset_of_its_own, stub):
    submission = queued(dataset_of_its_own)

    together([lambda: sender.send(submission.pk)] * 4)

    assert (len(stub.received), outcome()) == (1, ("submitted", "submitted", 1, 200))


@pytest.fixture
def dataset_of_its_own(transactional_db) -> Version:
    return factories.fitted(factories.dataset(), person("ada"))


@pytest.mark.django_db(transaction=True)
def test_worker_killed_while_it_waits_for_the_answer_leaves_it_uncertain(dataset_of_its_own, stub):
    stub.script.append("hang")
    submission = queued(dataset_of_its_own)
    worker = worker_that_sends(submission)
    until(lambda: stub.received or worker.poll() is not None)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    send_all()
    assert outcome()[:3] == ("queued", "queued", 1)  # its lease is not over
    expire()
    sender.sweep()
    send_all()

    assert (stub.answers, outcome()) == (["hang"], ("uncertain", "uncertain", 1, None))
    assert Submission.objects.get().last_error == outbox.LOST


def worker_that_sends(submission: Submission) -> subprocess.Popen:
    """A process that does what a worker of Celery is asked for, in the database of the tests."""
    database = re.sub(r"/\w+(\?|$)", rf"/{connection.settings_dict['NAME']}\1", os.environ["DATABASE_URL"])
    env = os.environ | {
        "DATABASE_URL": database,
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "devserver.settings",
        "AVID_API_URL": settings.AVID_API_URL,
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    code = f"import django; django.setup(); from audits import sender; sender.send({submission.pk})"
    return subprocess.Popen([sys.executable, "-c", code], env=env, cwd=settings.BASE_DIR)


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_answer_of_a_late_worker_counts(submission, stub):
    claim = outbox.claim(submission.pk)
    expire()
    sender.sweep()
    assert outcome()[0] == "uncertain"

    late = replace(claim, at=Submission.objects.get().sending_since)
    outbox.record(late, register.send(b"{}"))

    assert outcome() == ("submitted", "submitted", 1, 200)


def test_answer_to_an_attempt_that_somebody_gave_up_does_not_count(submission, stub):
    claim = outbox.claim(submission.pk)
    expire()
    sender.sweep()
    submitting.retry(submission, actor=factories.admin())

    outbox.record(claim, register.Reply(register.Outcome.REFUSED, 400, "No."))

    assert outcome() == ("queued", "queued", 0, None)


def expire() -> None:
    Submission.objects.update(sending_since=Now() - outbox.LEASE - timedelta(seconds=1))


# --- what the register's editors do ---


def test_status_is_asked_for_and_kept(submission, stub):
    send_all()

    sender.ask_for_status()
    assert Submission.objects.get().register_status == "draft"

    Submission.objects.update(status_checked_at=Now() - timedelta(days=1))
    sender.ask_for_status()
    assert Submission.objects.get().register_status == "in review"


@pytest.mark.parametrize(
    ("age", "asked_before", "is_due"),
    [
        (timedelta(minutes=1), None, True),
        (timedelta(hours=1), timedelta(minutes=5), False),
        (timedelta(hours=1), timedelta(minutes=30), True),
        (timedelta(days=30), timedelta(hours=20), False),
        (timedelta(days=30), timedelta(hours=25), True),
        (timedelta(days=91), timedelta(days=30), False),
    ],
)
def test_status_is_asked_for_less_and_less_often(submission, stub, age, asked_before, is_due):
    send_all()
    checked = None if asked_before is None else Now() - asked_before
    Submission.objects.update(submitted_at=Now() - age, status_checked_at=checked)

    assert outbox.due_for_status().exists() == is_due


def test_status_stays_when_the_register_does_not_know_the_id(submission, stub):
    send_all()
    sender.ask_for_status()
    stub.received.clear()
    Submission.objects.update(status_checked_at=Now() - timedelta(days=1))

    sender.ask_for_status()

    row = Submission.objects.get()
    assert row.register_status == "draft"
    assert timezone.now() - row.status_checked_at < timedelta(minutes=1)
