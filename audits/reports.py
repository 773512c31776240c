"""What a person found, in their words, with comments as evidence: from a draft to what is submitted."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tasks.strict_json import unstorable_part
from users.errors import Refused
from users.models import User

from . import fitting, results
from .datasets import not_found
from .labelling import locked as locked_model
from .models import (
    AuditModel,
    Category,
    Comment,
    Evidence,
    Report,
    ReportErrorType,
    ReportState,
    Revision,
    Submission,
    Version,
)

MAX_REPORTS = 200  # of a model
MAX_EVIDENCE = 50  # of a report
MAX_SUMMARY = 10_000
FIELDS = ("title", "error_type", "category", "summary")
CHOICES = {"error_type": ReportErrorType.values, "category": Category.values}
# What is missing, in the words of the page.
MISSING = {
    "title": gettext_lazy("a title"),
    "error_type": gettext_lazy("whether the system is under- or over-sensitive"),
    "category": gettext_lazy("a category"),
    "summary": gettext_lazy("a summary"),
    "evidence": gettext_lazy("at least one comment as evidence"),
}


def get_visible(user: User, report_id: int) -> Report:
    rows = Report.objects.visible_to(user).select_related("model__dataset", "model__topic", "topic")
    found = rows.filter(pk=report_id).first()
    if found is None:
        raise not_found()
    return found


def create(model: AuditModel, *, actor: User, **texts: str) -> Report:
    """An empty draft, or one with some of FIELDS."""
    with transaction.atomic():
        model = locked_model(model, actor)
        require_room(model)
        return Report.objects.create(model=model, **checked(texts))


def require_room(model: AuditModel, wanted: int = 1) -> None:
    if Report.objects.filter(model=model).count() + wanted > MAX_REPORTS:
        raise Refused(
            "too_many_reports",
            _("A model has at most {limit} reports. Delete some first.").format(limit=MAX_REPORTS),
        )


def change(report: Report, changes: dict[str, str], *, actor: User, edits: int | None = None) -> Report:
    """Change some of FIELDS. What was complete becomes a draft again.

    `edits`: of the report that the person saw. If it was changed since, refuses with the code `stale` and the
    texts as they are now, and changes nothing.
    """
    changes = checked(changes)
    with transaction.atomic():
        report = locked(report, actor)
        if edits is not None and edits != report.edits:
            raise _stale(report)
        changes = {name: value for name, value in changes.items() if getattr(report, name) != value}
        if not changes:
            return report
        for name, value in changes.items():
            setattr(report, name, value)
        report.edits += 1
        _touch(report, *changes, "edits")
    return report


def reopen(report: Report, *, actor: User) -> Report:
    """Make it a draft again, to change it. What was submitted stays as it is; completing makes a new
    revision."""
    with transaction.atomic():
        report = locked(report, actor)
        if report.state != ReportState.DRAFT:
            report.edits += 1
            _touch(report, "edits")
    return report


def add_evidence(
    report: Report, comment_ids: Sequence[int], *, actor: User, version: Version | None = None
) -> list[Evidence]:
    """The comments as they are now, with the prediction of `version`, by default the newest. A comment that
    is evidence already stays as it was. Returns the evidence of all of them, in the order of the report."""
    with transaction.atomic():
        report = locked(report, actor)
        version = _version_of(report, version)
        comments = _comments(report, comment_ids)
        external_ids = [one.external_id for one in comments]
        there = set(Evidence.objects.filter(report=report).values_list("external_id", flat=True))
        new = [one for one in comments if one.external_id not in there]
        if len(there) + len(new) > MAX_EVIDENCE:
            raise Refused(
                "too_much_evidence",
                _("A report has at most {limit} comments as evidence. Choose the best ones.").format(
                    limit=MAX_EVIDENCE
                ),
            )
        if new:
            rows = results.snapshots(new, report.model, version)
            Evidence.objects.bulk_create([Evidence(report=report, **fields) for fields in rows])
            _touch(report)
    return list(Evidence.objects.filter(report=report, external_id__in=external_ids).order_by("pk"))


def remove_evidence(report: Report, evidence_id: int, *, actor: User) -> None:
    with transaction.atomic():
        report = locked(report, actor)
        found = Evidence.objects.filter(report=report, pk=evidence_id)
        if not found.exists():
            raise not_found()
        found.delete()
        _touch(report)


def missing(report: Report) -> list[str]:
    """What it needs before it is complete: names of FIELDS, and `evidence`."""
    lacking = [name for name in FIELDS if not getattr(report, name).strip()]
    if not Evidence.objects.filter(report=report).exists():
        lacking.append("evidence")
    return lacking


def complete(report: Report, *, actor: User, edits: int | None = None) -> Report:
    """Freeze it as a revision, which can be submitted. If nothing differs from the last one, that one is
    taken again with what became of it: nothing is sent twice."""
    with transaction.atomic():
        report = locked(report, actor)
        if edits is not None and edits != report.edits:
            raise _stale(report)
        if report.state != ReportState.DRAFT:
            return report
        if lacking := missing(report):
            raise _incomplete(lacking)
        body = body_of(report)
        last = Revision.objects.filter(report=report, number=report.revision).first()
        if last is None or last.body != body:
            last = Revision.objects.create(report=report, number=report.revision + 1, body=body)
        sent = Submission.objects.filter(revision=last).first()
        report.revision = last.number
        report.state = ReportState(sent.state) if sent else ReportState.COMPLETE
        report.edits += 1  # another tab must not make it a draft again by saving what it still shows
        report.save(update_fields=["revision", "state", "edits"])
    return report


def delete(report: Report, *, actor: User) -> None:
    with transaction.atomic():
        report = locked(report, actor)
        if Submission.objects.filter(revision__report=report).exists():
            raise Refused(
                "report_submitted",
                _("This report was submitted: it stays, so that you can see what was sent."),
            )
        report.delete()


def record_state(revision: Revision, state: ReportState) -> None:
    """What became of a revision that was submitted. A report that was changed since stays what it is.

    Inside a transaction, before the submission is written: the report is locked first everywhere.
    """
    report = Report.objects.lock(revision.report_id).get()
    if report.revision == revision.number and report.state != ReportState.DRAFT:
        report.state = state
        report.save(update_fields=["state"])


def current_revision(report: Report) -> Revision | None:
    """The one to submit; None for a draft."""
    if report.state == ReportState.DRAFT:
        return None
    return Revision.objects.get(report=report, number=report.revision)


def body_of(report: Report) -> dict[str, Any]:
    """All that is made public of a report: nothing about its owner."""
    model, dataset = report.model, report.model.dataset
    evidence = Evidence.objects.filter(report=report).select_related("version").order_by("pk")
    return {
        "title": report.title,
        "error_type": report.error_type,
        "category": report.category,
        "summary": report.summary,
        "judgement": {
            "kind": model.kind,
            "topic": model.topic.label if model.topic else None,
            "group": model.filters,
        },
        "system": {
            "dataset": dataset.title,
            "name": dataset.artifact_name,
            "type": dataset.artifact_type,
            "developers": dataset.developers,
            "deployers": dataset.deployers,
            "scale_max": dataset.scale_max,
            "threshold": dataset.threshold,
        },
        "evidence": [
            {
                "external_id": one.external_id,
                "text": one.text,
                "topic": one.topic,
                "system": one.system,
                "predicted": one.predicted,
                "label": one.label,
                "version": one.version.number if one.version else None,
            }
            for one in evidence
        ],
    }


def locked(report: Report, actor: User) -> Report:
    rows = Report.objects.visible_to(actor).lock(report.pk)
    found = rows.select_related("model__dataset", "model__topic", "topic").first()
    if found is None:
        raise not_found()
    return found


def checked(texts: dict[str, Any]) -> dict[str, str]:
    """Titles in one line, and line ends as browsers show them, not as they send them."""
    clean = {}
    for name, value in texts.items():
        if name not in FIELDS:
            raise Refused(
                "unknown_field", _("{name} is not a field of a report.").format(name=name), field=name
            )
        if not isinstance(value, str) or unstorable_part(value) is not None:
            raise Refused("invalid_text", _("Send a text without control characters."), field=name)
        if name in CHOICES and value and value not in CHOICES[name]:
            sentence = _("One of {values}.").format(values=", ".join(CHOICES[name]))
            raise Refused(f"invalid_{name}", sentence, field=name)
        if name == "title":
            value = " ".join(value.split())
        clean[name] = value.replace("\r\n", "\n").replace("\r", "\n")
    for name, limit in (("title", 200), ("summary", MAX_SUMMARY)):
        if len(clean.get(name, "")) > limit:
            sentence = _("At most {limit} characters; these are {length}.")
            raise Refused("text_too_long", sentence.format(limit=limit, length=len(clean[name])), field=name)
    return clean


def _touch(report: Report, *fields: str) -> None:
    report.state, report.changed_at = ReportState.DRAFT, timezone.now()
    report.save(update_fields=["state", "changed_at", *fields])


def _stale(report: Report) -> Refused:
    now = {name: getattr(report, name) for name in ("edits", *FIELDS)}
    return Refused(
        "stale",
        _("This report was changed elsewhere since you opened it. Nothing was saved over that."),
        field="edits",
        extra={"body": {"current": now}},
    )


def _incomplete(lacking: Sequence[str]) -> Refused:
    what = "; ".join(str(MISSING[name]) for name in lacking)
    return Refused(
        "incomplete",
        _("Not complete yet. Missing: {what}.").format(what=what),
        field=lacking[0],
        extra={"body": {"missing": list(lacking)}},
    )


def _version_of(report: Report, version: Version | None) -> Version | None:
    if version and version.model_id != report.model_id:
        raise Refused("invalid_version", _("Name a version of the report's model."), field="version")
    found = version or fitting.newest(report.model)
    return fitting.require_version(report.model, found.number) if found else None


def _comments(report: Report, comment_ids: Sequence[int]) -> list[Comment]:
    ids = list(dict.fromkeys(comment_ids))
    if not 1 <= len(ids) <= MAX_EVIDENCE:
        raise Refused(
            "invalid_comments",
            _("Choose 1 to {limit} comments.").format(limit=MAX_EVIDENCE),
            field="comments",
        )
    if not all(0 < pk < 2**63 for pk in ids):
        raise not_in_dataset()
    rows = Comment.objects.filter(dataset=report.model.dataset_id, pk__in=ids).select_related("topic")
    found = rows.in_bulk()
    if len(found) < len(ids):
        raise not_in_dataset()
    return [found[pk] for pk in ids]


def not_in_dataset() -> Refused:
    return Refused("unknown_comment", _("The data set has no such comment."), field="comments")
