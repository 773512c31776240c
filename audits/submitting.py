"""Submitting a revision of a report to the register, and what becomes of it.

Submission is an outbox: the row is written with the change, and audits/sender.py sends it later.
"""

import uuid
from functools import partial

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from users.errors import Refused
from users.models import User
from users.sentences import sentence as _

from . import avid, outbox, reports, sender
from .avid import public_url
from .datasets import not_found
from .models import Report, ReportState, Revision, Submission, SubmissionState
from .register import is_connected

__all__ = ["is_connected", "mark_failed", "mark_submitted", "preview", "public_url", "retry", "submit"]

MAX_REASON = 500


def submit(
    report: Report, *, actor: User, name: str = "", email: str = "", consent: bool = False
) -> Submission:
    """Queue its latest revision; sent once, however often this is called.

    `name` and `email` are published with the report if there is `consent`; else they are kept nowhere.
    """
    credit = _checked_credit(name, email, consent=consent)
    with transaction.atomic():
        report = reports.locked(report, actor)
        revision = _revision_to_submit(report)
        if found := Submission.objects.filter(revision=revision).first():
            return found
        if not is_connected():
            raise Refused(
                "no_register",
                _("This site is not connected to a register. Ask an administrator: AVID_API_URL is not set."),
            )
        body = _body(revision, credit)
        submission = Submission.objects.create(revision=revision, body=body, consent=consent, **credit)
        reports.record_state(revision, ReportState.QUEUED)
        transaction.on_commit(partial(sender.wake, submission.pk))
    return submission


def preview(report: Report, *, name: str = "", email: str = "", consent: bool = False) -> avid.Body:
    """What `submit` would send now."""
    credit = _checked_credit(name, email, consent=consent)
    return _body(_revision_to_submit(report), credit)


def _revision_to_submit(report: Report) -> Revision:
    revision = reports.current_revision(report)
    if revision is None:
        raise Refused("not_complete", _("Complete the report first: a draft is not submitted."))
    return revision


def _body(revision: Revision, credit: dict[str, str]) -> avid.Body:
    return avid.body(revision.body, url=public_url(revision), reported=timezone.now().date(), **credit)


def _checked_credit(name: str, email: str, *, consent: bool) -> dict[str, str]:
    if not consent:
        return {"name": "", "email": ""}
    name, email = " ".join(name.split()), email.strip()
    if len(name) > 200 or not name.isprintable():
        raise Refused("invalid_name", _("A name has at most 200 characters."), field="name")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Refused("invalid_email", _("This is not an e-mail address."), field="email")
    return {"name": name, "email": email}


# --- what a lead decides about one that failed, or that may have arrived ---


def retry(submission: Submission, *, actor: User) -> None:
    """Send it again, with a full set of attempts. An uncertain one may then be in the register twice."""
    with transaction.atomic():
        submission = _locked(submission, actor, SubmissionState.FAILED, SubmissionState.UNCERTAIN)
        submission.last_status, submission.last_error = None, ""
        outbox.requeue(submission, next_attempt_at=Now(), attempts=0)
        transaction.on_commit(partial(sender.wake, submission.pk))


def mark_submitted(submission: Submission, register_id: uuid.UUID, *, actor: User) -> None:
    """It did arrive, as somebody found out at the register."""
    with transaction.atomic():
        submission = _locked(submission, actor, SubmissionState.FAILED, SubmissionState.UNCERTAIN)
        if Submission.objects.filter(register_id=register_id).exists():
            raise Refused("id_taken", _("Another submission has this id."), field="register_id")
        submission.last_error = ""
        outbox.settle(submission, SubmissionState.SUBMITTED, register_id=register_id)


def mark_failed(submission: Submission, *, actor: User, reason: str) -> None:
    """It did not arrive, and is not sent again; or it waits, and shall not be sent."""
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= MAX_REASON or not reason.isprintable():
        raise Refused(
            "invalid_reason",
            _("Say why, in at most %(max_reason)s characters.", max_reason=MAX_REASON),
            field="reason",
        )
    with transaction.atomic():
        submission = _locked(submission, actor, SubmissionState.UNCERTAIN, SubmissionState.QUEUED)
        submission.last_error = reason
        outbox.settle(submission, SubmissionState.FAILED)


def _locked(submission: Submission, actor: User, *states: SubmissionState) -> Submission:
    """In one of `states`, and not being sent."""
    found = outbox.locked(submission.pk)
    if found is None or not Submission.objects.managed_by(actor).filter(pk=found.pk).exists():
        raise not_found()
    is_under_way = found.state == SubmissionState.QUEUED and found.sending_since is not None
    if found.state not in states or is_under_way:
        what = "being sent" if is_under_way else found.get_state_display().lower()
        raise Refused("not_now", _("Nothing was changed: by now it is %(what)s.", what=what))
    return found
