"""A report on its way to the register."""

from audits import reports, submitting
from audits.models import Report, Submission, Version

WORDS = {
    "title": "Friendly hats are removed",
    "error_type": "over",
    "category": "bias",
    "summary": "Nobody is hurt by a hat.\nYet such comments go.",
}


def completed(version: Version, **words: str) -> Report:
    """With one comment as evidence."""
    actor = version.model.owner
    report = reports.create(version.model, actor=actor, **WORDS | words)
    comment = version.model.dataset.comments.order_by("pk")[0]
    reports.add_evidence(report, [comment.pk], actor=actor)
    return reports.complete(report, actor=actor)


def queued(version: Version, **credit) -> Submission:
    return submitting.submit(completed(version), actor=version.model.owner, **credit)
