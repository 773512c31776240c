"""A report on its way to the register."""

import uuid
from typing import Any

from django.db import transaction

from audits import outbox, reports, submitting
from audits.models import AuditModel, Report, Submission, SubmissionState, Version

WORDS = {
    "title": "Friendly hats are removed",
    "error_type": "over",
    "category": "bias",
    "summary": "Nobody is hurt by a hat.\nYet such comments go.",
}


def completed(of: Version | AuditModel, **words: str) -> Report:
    """With one comment as evidence."""
    model = of.model if isinstance(of, Version) else of
    report = reports.create(model, actor=model.owner, **WORDS | words)
    comment = model.dataset.comments.order_by("pk")[0]
    reports.add_evidence(report, [comment.pk], actor=model.owner)
    return reports.complete(report, actor=model.owner)


def queued(of: Version | AuditModel, **credit: Any) -> Submission:
    """Needs AVID_API_URL."""
    report = completed(of)
    return submitting.submit(report, actor=report.model.owner, **credit)


def settled(of: Version | AuditModel, state: str, **fields: Any) -> Submission:
    """As the sender leaves it."""
    submission = queued(of)
    with transaction.atomic():
        found = outbox.locked(submission.pk)
        assert found
        found.last_error, found.last_status = "It was refused.", 400
        outbox.settle(found, SubmissionState(state), **fields)
    return found


def accepted(of: Version | AuditModel) -> Submission:
    """Without a register."""
    revision = reports.current_revision(completed(of))
    return Submission.objects.create(
        revision=revision,
        body={},
        state=SubmissionState.SUBMITTED,
        register_id=uuid.uuid4(),
        next_attempt_at=None,
    )
