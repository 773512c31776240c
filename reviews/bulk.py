"""Bulk actions of any size. Up to LIMIT annotations they are done within the request, in one transaction;
more are a job, which commits part by part, can be cancelled, and is one bulk action with one undo.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from jobs import runner
from jobs.models import Job
from jobs.registry import Continue, Done
from jobs.running import RunningJob
from tasks.errors import Refused
from tasks.models import Annotation, Project
from tasks.roles import may
from users.models import User
from users.sentences import sentence as _

from .decisions.request import BulkAction, Refusals, Report
from .decisions.restoring import affected_by
from .models import BulkReview
from .service import AnnotationReviewService
from .workflow import NOT_A_REVIEWER

LIMIT = 1000  # annotations in one transaction
LISTED = 1000  # refusals that the report of a job names; all are counted
KIND, UNDO_KIND = "bulk_review", "undo_bulk_review"  # their subject is the BulkReview

DONE = {"accept": "Accepted", "reject": "Rejected", "undo": "Undone", "reopen": "Reopened"}
REASONS = {
    "already_decided": "already decided by others",
    "already_reopened": "already open for rework",
    "changed_since": "changed since",
    "not_standing": "without a verdict to undo",
    "not_your_review": "decided by others",
    "own_annotation": "of your own work",
}


# --- counts and sentences ---------------------------------------------------------------------------


@dataclass
class Counts:
    """A report in numbers: what the parts of a job add up to, and what people read."""

    done: int = 0
    replaced: int = 0
    restored: int = 0
    not_found: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    not_restored: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, report: Report) -> Self:
        return cls(
            done=len(report.done),
            replaced=len(report.replaced),
            restored=len(report.restored),
            not_found=len(report.not_found),
            refused=by_reason(report.refused),
            not_restored=by_reason(report.not_restored),
        )

    @classmethod
    def parse(cls, stored: dict[str, Any]) -> Self:
        counters = {name: Counter(stored[name]) for name in ("refused", "not_restored")}
        return cls(**{**stored, **counters})

    def add(self, other: "Counts") -> None:
        for name in ("done", "replaced", "restored", "not_found"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.refused += other.refused
        self.not_restored += other.not_restored

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"refused": dict(self.refused), "not_restored": dict(self.not_restored)}

    @property
    def total(self) -> int:
        return self.done + self.not_found + self.refused.total()


def by_reason(refusals: Refusals) -> Counter[str]:
    return Counter(refusal.code for _, refusal in refusals)


def sentence_before(action: str, counts: Counts) -> str:
    """What a dry run found, for the dialog in which somebody confirms the action."""
    first = f"{counts.done} of {_annotations(counts.total)} would be {DONE[action].lower()}."
    return " ".join([first, *_details(action, counts, left_alone="Would be left alone", replaced="would")])


def sentence_after(action: str, counts: Counts) -> str:
    return " ".join([f"{DONE[action]}: {counts.done}.", *_details(action, counts)])


def details_after(action: str, report: Report) -> list[str]:
    """What else an action did, besides the annotations it changed and those it left alone."""
    counts = Counts.of(report)
    return list(_details(action, replace(counts, refused=Counter(), not_found=0)))


def _details(
    action: str, counts: Counts, *, left_alone: str = "Left alone", replaced: str = ""
) -> Iterator[str]:
    if counts.replaced:
        verb = "undone" if action == "undo" else "withdrawn" if action == "reopen" else "replaced"
        of_others = "verdict of somebody else" if counts.replaced == 1 else "verdicts of others"
        yield f"{counts.replaced} {of_others} {f'{replaced} be {verb}' if replaced else verb}."
    if counts.restored:
        yield f"Earlier verdicts {f'{replaced} be ' if replaced else ''}restored: {counts.restored}."
    if counts.not_restored:
        yield f"Not restored: {_listed(counts.not_restored)}."
    left = counts.refused + Counter({"not found": counts.not_found})
    if left:
        yield f"{left_alone}: {_listed(left)}."


def _listed(reasons: Counter[str]) -> str:
    frequent_first = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(
        f"{number} {REASONS.get(code, code.replace('_', ' '))}" for code, number in frequent_first
    )


def _annotations(number: int) -> str:
    return f"{number} annotation{'' if number == 1 else 's'}"


# --- at once, or as a job ---------------------------------------------------------------------------


def perform(ids: Sequence[int], action: BulkAction, *, actor: User) -> Report | Job:
    """Raises Refused if none of these annotations exists, or if they are of several projects."""
    service = AnnotationReviewService(actor)
    return service.perform_many(ids, action) if len(ids) <= LIMIT else _start(ids, action, actor)


def preview(ids: Sequence[int], action: BulkAction, *, actor: User) -> Report:
    """What `perform` would do, of all of them at once. Nothing is written."""
    service = AnnotationReviewService(actor)
    return _joined(service.preview_many(part, action) for part in _parts(ids))


def preview_undo(bulk: BulkReview, *, actor: User) -> Report:
    """What `undo` would do. Nothing is written."""
    service = AnnotationReviewService(actor)
    return _joined(service.preview_undo_bulk(bulk, part) for part in _parts(affected_by(bulk)))


def _joined(reports: Iterable[Report]) -> Report:
    total = Report()
    for report in reports:
        for name in ("done", "refused", "not_found", "replaced", "restored", "not_restored"):
            getattr(total, name).extend(getattr(report, name))
    return total


def undo(bulk: BulkReview, *, actor: User) -> Report | Job:
    """Undo a bulk action and restore the verdicts that it ended. Raises Refused while it still runs."""
    of_bulk = Job.objects.filter(kind__in=(KIND, UNDO_KIND), subject_id=bulk.pk)
    if running := of_bulk.unfinished().first():
        raise Refused(
            "still_running",
            _(
                "Job %(running)s is still working on this. Cancel it or wait until it ends.",
                running=running.pk,
            ),
        )
    ids = affected_by(bulk)
    if len(ids) <= LIMIT:
        return AnnotationReviewService(actor).undo_bulk(bulk, ids)
    whole = BulkReview.objects.create(project=bulk.project, action="undo", created_by=actor)
    return _enqueued(UNDO_KIND, whole, actor, {"annotations": ids, "undoes": bulk.pk})


def _start(ids: Sequence[int], action: BulkAction, actor: User) -> Job:
    projects = list(
        Project.objects.filter(pk__in=Annotation.objects.filter(pk__in=ids).values("project")).defer(
            "label_config"
        )[:2]
    )
    if not projects:
        raise Refused("nothing_selected", _("None of the selected annotations still exist."))
    if len(projects) > 1:
        raise Refused("mixed_projects", _("The annotations of a selection must belong to one project."))
    if not may(actor, "review_annotation", projects[0]):
        raise NOT_A_REVIEWER.as_error()
    bulk = BulkReview.objects.create(project=projects[0], action=action.name, created_by=actor)
    return _enqueued(KIND, bulk, actor, {"annotations": sorted(ids), "action": _stored(action)})


def _enqueued(kind: str, bulk: BulkReview, actor: User, parameters: dict[str, Any]) -> Job:
    job = runner.create(
        kind, created_by=actor, project_id=bulk.project_id, subject_id=bulk.pk, parameters=parameters
    )
    runner.enqueue(job)
    return job


def _stored(action: BulkAction) -> dict[str, Any]:
    """The arguments of BulkAction.of, as JSON."""
    stored: dict[str, Any] = {
        "name": action.name,
        "to": action.to,
        "comment": action.request.comment if action.request else action.comment,
        "include_decided": action.include_decided,
    }
    if request := action.request:
        stored |= {
            "reject_action": request.reject_action,
            "reason": request.reason,
            "assignee": request.assignee and request.assignee.pk,
        }
    return stored


def _action_of(stored: dict[str, Any]) -> BulkAction:
    asked = dict(stored)
    if asked.get("assignee"):
        asked["assignee"] = User.objects.get(pk=asked["assignee"])
    return BulkAction.of(asked.pop("name"), **asked)


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + LIMIT] for start in range(0, len(ids), LIMIT))


# --- in the job -------------------------------------------------------------------------------------


def run_part(running: RunningJob) -> Done | Continue:
    """The next LIMIT annotations. The job commits them together with its cursor."""
    job = running.job
    bulk = BulkReview.objects.get(pk=job.subject)
    ids, cursor = job.parameters["annotations"], job.cursor or {"at": 0, "counts": None, "listed": []}
    at = cursor["at"]
    counts = Counts.parse(cursor["counts"]) if cursor["counts"] else Counts()
    report = _perform_part(job, bulk, ids[at : at + LIMIT])
    counts.add(Counts.of(report))
    listed = (cursor["listed"] + refusals_body(report.refused))[:LISTED]
    at = min(at + LIMIT, len(ids))
    action = "undo" if job.kind == UNDO_KIND else job.parameters["action"]["name"]
    running.report_progress(
        at, len(ids), f"{at:,} of {len(ids):,} annotations. {DONE[action]}: {counts.done:,}"
    )
    if at < len(ids):
        return Continue({"at": at, "counts": counts.as_dict(), "listed": listed})
    bulk.refresh_from_db()
    return Done(
        {
            "id": None if bulk.is_empty else bulk.pk,
            "action": action,
            "detail": sentence_after(action, counts),
        }
        | counts.as_dict()
        | {"listed": listed}
    )


def _perform_part(job: Job, bulk: BulkReview, part: Sequence[int]) -> Report:
    service = AnnotationReviewService(job.created_by)
    try:
        if job.kind == UNDO_KIND:
            return service.undo_bulk(BulkReview.objects.get(pk=job.parameters["undoes"]), part, bulk=bulk)
        return service.perform_many(part, _action_of(job.parameters["action"]), bulk=bulk)
    except Refused as refused:
        if refused.code != "nothing_selected":
            raise
        return Report(not_found=list(part))  # all of this part were deleted meanwhile


def refusals_body(refusals: Refusals) -> list[dict[str, Any]]:
    return [{"annotation": a.pk, "code": r.code, "detail": r.detail} for a, r in refusals]


def forget_if_empty(job: Job) -> None:
    """A bulk action that changed nothing leaves no row."""
    bulk = BulkReview.objects.filter(pk=job.subject).first()
    if bulk and bulk.is_empty:
        bulk.delete()
