"""The outbox of the register: which submission is due, who sends it, and what became of it.

`sending_since` is written, and committed, before the request goes out. A worker that dies after that leaves a
submission that may have arrived: it becomes uncertain. All times are the database's.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Greatest, Least, Now
from django.utils import timezone

from . import events, reports
from .models import Report, ReportState, Submission, SubmissionState
from .register import Outcome, Reply

# Waits before the six attempts after the first: half a minute to eight hours, eleven in all.
WAITS = tuple(timedelta(seconds=30 * 4**number) for number in range(6))
LEASE = timedelta(seconds=60)  # longer than a request may take
STATE_OF: Mapping[Outcome, SubmissionState] = {
    Outcome.ACCEPTED: SubmissionState.SUBMITTED,
    Outcome.REFUSED: SubmissionState.FAILED,
    Outcome.UNCERTAIN: SubmissionState.UNCERTAIN,
}
LOST = "The worker that sent it ended before an answer came: it may have arrived."
TAKEN = "The register answered with the id of another report."
# How often the register is asked what became of a report: after a third of its age, but within these.
SOONEST, LATEST, ASKED_FOR = timedelta(minutes=10), timedelta(days=1), timedelta(days=90)


@dataclass(frozen=True)
class Claim:
    """A submission that this worker alone may send. `at` is its `sending_since`."""

    submission: Submission
    at: datetime


def due() -> QuerySet[Submission]:
    return Submission.objects.filter(
        state=SubmissionState.QUEUED, sending_since=None, next_attempt_at__lte=Now()
    )


def claim(submission_id: int) -> Claim | None:
    """None if it is not due, or another worker has it."""
    # One statement: of two workers, the second waits for the row and then finds it claimed.
    taken = due().filter(pk=submission_id)
    if not taken.update(attempts=F("attempts") + 1, sending_since=Now()):
        return None
    submission = Submission.objects.get(pk=submission_id)
    assert submission.sending_since
    return Claim(submission, submission.sending_since)


def record(claim: Claim, reply: Reply) -> None:
    """What the register said. A late worker still knows best, unless somebody has decided meanwhile."""
    with transaction.atomic():
        submission = locked(claim.submission.pk)
        if submission is None or submission.sending_since != claim.at:
            return
        if submission.state not in (SubmissionState.QUEUED, SubmissionState.UNCERTAIN):
            return
        submission.last_status, submission.last_error = reply.status, reply.sentence
        if reply.outcome == Outcome.RETRY:
            _retry_later(submission, reply)
        elif reply.register_id and _is_taken(reply.register_id):
            settle(submission, SubmissionState.UNCERTAIN, last_error=TAKEN)
        else:
            settle(submission, STATE_OF[reply.outcome], register_id=reply.register_id)


def _retry_later(submission: Submission, reply: Reply) -> None:
    if submission.attempts > len(WAITS):
        sentence = f"{reply.sentence} So it was {submission.attempts} times."
        settle(submission, SubmissionState.FAILED, last_error=sentence)
        return
    wait = max(WAITS[submission.attempts - 1], timedelta(seconds=reply.retry_after))
    requeue(submission, next_attempt_at=Now() + wait)


def _is_taken(register_id: uuid.UUID) -> bool:
    return Submission.objects.filter(register_id=register_id).exists()


def give_up_lost() -> int:
    """Those whose worker has died become uncertain. Returns how many."""
    lost = Q(state=SubmissionState.QUEUED, sending_since__lt=Now() - LEASE)
    found = 0
    for pk in Submission.objects.filter(lost).values_list("pk", flat=True)[:100]:
        with transaction.atomic():
            submission = locked(pk)
            if submission and Submission.objects.filter(lost, pk=pk).exists():
                settle(submission, SubmissionState.UNCERTAIN, last_error=LOST)
                found += 1
    return found


def locked(submission_id: int) -> Submission | None:
    """With its report, which is locked first. None if it is gone."""
    of = Submission.objects.filter(pk=submission_id).values_list("revision__report_id", flat=True)
    if (report_id := of.first()) is None:
        return None
    Report.objects.lock(report_id).first()
    rows = Submission.objects.select_related("revision__report__model__dataset__project")
    return rows.select_for_update(no_key=True, of=("self",)).filter(pk=submission_id).first()


def settle(submission: Submission, state: SubmissionState, **fields: Any) -> None:
    """It has ended so, or ended being uncertain: what is sent no more until somebody asks for it."""
    if state == SubmissionState.SUBMITTED:
        fields["submitted_at"] = timezone.now()
    _save(submission, state=state, next_attempt_at=None, **fields)
    if state == SubmissionState.SUBMITTED:
        events.submitted(submission)
    elif state == SubmissionState.FAILED:
        events.failed(submission)


def requeue(submission: Submission, **fields: Any) -> None:
    _save(submission, state=SubmissionState.QUEUED, sending_since=None, **fields)


def _save(submission: Submission, **fields: Any) -> None:
    """`submission` is locked. Its report follows."""
    for name, value in fields.items():
        setattr(submission, name, value)
    submission.save(update_fields=[*fields, "last_status", "last_error"])
    reports.record_state(submission.revision, ReportState(submission.state))


# --- what the register's editors did with it ---


def due_for_status() -> QuerySet[Submission]:
    """Accepted ones, the longest unasked first. New ones are asked about often, old ones once a day, and
    after ASKED_FOR no more."""
    age = F("status_checked_at") - F("submitted_at")
    wait = Least(Greatest(ExpressionWrapper(age / 3, DurationField()), SOONEST), LATEST)
    is_due = Q(status_checked_at=None) | Q(status_checked_at__lte=Now() - wait)
    rows = Submission.objects.filter(is_due, state=SubmissionState.SUBMITTED, register_id__isnull=False)
    return rows.filter(submitted_at__gt=Now() - ASKED_FOR).order_by(
        F("status_checked_at").asc(nulls_first=True)
    )


def record_status(submission: Submission, status: str | None) -> None:
    """None: no answer, so the last one stays."""
    changes = {"status_checked_at": Now()} | ({"register_status": status} if status is not None else {})
    Submission.objects.filter(pk=submission.pk).update(**changes)
