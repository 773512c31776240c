"""What this app tells: listeners write it to webhooks as it is.

A data set without a project has nobody to tell: endpoints belong to projects, and those of the whole site get
what happens in them.
"""

from typing import Any

from tasks import events

from .avid import public_url
from .models import Submission

SUBMITTED = "AUDIT_REPORT_SUBMITTED"
FAILED = "AUDIT_REPORT_FAILED"


def submitted(submission: Submission) -> None:
    _emit(SUBMITTED, submission, register_id=str(submission.register_id))


def failed(submission: Submission) -> None:
    _emit(FAILED, submission, status=submission.last_status, error=submission.last_error)


def _emit(action: str, submission: Submission, **more: Any) -> None:
    """Nothing about the person: what is here is on the public page of the report, too."""
    revision = submission.revision
    dataset = revision.report.model.dataset
    if dataset.project is None:
        return
    report = {
        "id": revision.report_id,
        "revision": revision.number,
        "title": revision.body["title"],
        "error_type": revision.body["error_type"],
        "category": revision.body["category"],
        "dataset": {"id": dataset.pk, "title": dataset.title},
        "url": public_url(revision),
    }
    detail = {"action": action, "body": {"audit_report": report | more}}
    events.emit(events.APP_EVENT, dataset.project, detail=detail)
