"""From a locked annotation to what a decision makes of it: a frozen Plan, a repeat of what stands, or the
refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tasks.choices import ActionType, HistoryAction, RejectAction
from tasks.concurrency import refuse_stale
from tasks.labelconfig import problems
from tasks.models import Annotation, History
from tasks.results import same_result
from users.models import User

from .. import workflow
from ..comments import fresh_comment
from ..corrections import Fix
from ..guards import Refusal
from ..models import Comment, Review
from . import rejection
from .request import RETURN_TO_AUTHOR, VerdictRequest

Columns = Mapping[str, Any]
NO_VERDICT: Columns = {
    "standing_review_id": None,
    "redistributed": False,
    "returned_at": None,
    "returned_to_id": None,
    "contested_at": None,
    "upheld": False,
}


@dataclass(frozen=True)
class NewVersion:
    """A result that a decision writes: a fix, or the version before it when the fix is undone."""

    result: list[dict[str, Any]]
    was_cancelled: bool
    author_id: int
    label_config_id: int | None


@dataclass(frozen=True)
class NewReview:
    """A review to be written. A fix without `fixed_version_id` is fixed by the plan's new version."""

    verdict: ActionType
    reason: str
    reject_action: str | None
    seen_version_id: int | None
    fixed_version_id: int | None
    started_at: datetime | None


@dataclass(frozen=True)
class Plan:
    """What becomes of one annotation: its review columns, a row of history, and a review or the end of one.

    `columns` by attribute name. `comment` becomes a comment object; `comment_object` is one that is there
    already. `ends` is the review that stops standing, `undoes` whether that is taken back (else it is
    superseded, or its version is outdated).
    """

    annotation: Annotation
    columns: Columns
    action: HistoryAction | None = None  # no row of history: the change below has written its own
    review: NewReview | None = None
    version: NewVersion | None = None
    ends: Review | None = None
    undoes: bool = False
    comment: str = ""
    comment_object: Comment | None = None
    details: Mapping[str, Any] | None = None
    fix: Fix | None = None
    assignee: User | None = None
    notice: str = ""


# --- verdicts -------------------------------------------------------------------------------------


def plan_verdict(
    annotation: Annotation,
    request: VerdictRequest,
    actor: User,
    *,
    now: datetime,
    standing: Review | None,
    in_bulk: bool = False,
) -> Plan | Review | Refusal:
    """`standing` is the review in force, read under the lock; it is the answer where the request only repeats
    it.

    Raises Refused (`stale`). A selection needs no comment.
    """
    if refusal := workflow.refusal(workflow.ACTION_OF[request.verdict], annotation, actor):
        return refusal
    asked, (request, before) = request, _as_fix_of_own_edit(annotation, request, actor)
    if standing is not None and _repeats(standing, annotation, request, actor):
        return standing
    refuse_stale(annotation, request.seen)
    if request.verdict == ActionType.REJECTED:
        return _plan_reject(annotation, request, actor, now=now, ends=standing, in_bulk=in_bulk)
    if request.verdict == ActionType.FIXED_AND_ACCEPTED:
        signs_edit = request.verdict != asked.verdict
        return _plan_fix(
            annotation, request, actor, now=now, ends=standing, before=before, signs_edit=signs_edit
        )
    return _verdict_plan(annotation, request, actor, now=now, ends=standing)


def _as_fix_of_own_edit(
    annotation: Annotation, request: VerdictRequest, actor: User
) -> tuple[VerdictRequest, History | None]:
    """Accepting one's own plain edit of somebody's work is a fix; "before" is then the annotator's last
    version."""
    own_edit = annotation.version_author_id == actor.pk and not annotation.is_work_of(actor)
    if request.verdict == ActionType.REJECTED or not own_edit:
        return request, None
    before = last_version_of_author(annotation)
    if request.verdict == ActionType.FIXED_AND_ACCEPTED:
        return request, before
    if before is None or same_result(before.result or [], annotation.result):
        return request, None
    return request.with_changes(verdict=ActionType.FIXED_AND_ACCEPTED, result=annotation.result), before


def last_version_of_author(annotation: Annotation) -> History | None:
    versions = History.objects.filter(annotation=annotation).versions()
    authors = (annotation.completed_by_id, annotation.written_by_id)
    return versions.filter(author__in=authors).order_by("-id").first()


def _repeats(standing: Review, annotation: Annotation, request: VerdictRequest, actor: User) -> bool:
    """The same person says the same again; what they leave out counts as the same."""
    if (standing.created_by_id, standing.verdict) != (actor.pk, request.verdict) or standing.imported_by_id:
        return False
    if request.comment not in ("", standing.comment) or request.reason not in ("", standing.reason):
        return False
    if request.verdict == ActionType.REJECTED:
        return rejection.resolve_reject_action(annotation, request)[0] == standing.reject_action
    if request.verdict == ActionType.FIXED_AND_ACCEPTED:
        return request.result is not None and same_result(request.result, annotation.result)
    return True


def _plan_reject(
    annotation: Annotation,
    request: VerdictRequest,
    actor: User,
    *,
    now: datetime,
    ends: Review | None,
    in_bulk: bool,
) -> Plan | Refusal:
    comment = None if in_bulk or request.comment else fresh_comment(annotation, actor)
    if not in_bulk and (
        refusal := workflow.comment_required(
            annotation.project, comment=request.comment, has_comment_object=comment is not None
        )
    ):
        return refusal
    action, obstacle = rejection.resolve_reject_action(annotation, request)
    if refusal := rejection.reject_refusal(annotation, request, actor, action=action, obstacle=obstacle):
        return refusal
    return _verdict_plan(
        annotation,
        request,
        actor,
        now=now,
        ends=ends,
        reject_action=action,
        comment_object=comment,
        assignee=request.assignee if action == RejectAction.REDISTRIBUTE else None,
        notice=rejection.notice_of(annotation, request, action),
    )


def _plan_fix(
    annotation: Annotation,
    request: VerdictRequest,
    actor: User,
    *,
    now: datetime,
    ends: Review | None,
    before: History | None,
    signs_edit: bool,
) -> Plan | Refusal:
    """A fix writes a new version, unless the reviewer's own edit, which is there already, is what they
    sign."""
    if not signs_edit and (refusal := _fix_refusal(annotation, request)):
        return refusal
    result, author_id = annotation.result, annotation.version_author_id
    if before:
        result, author_id = before.result or [], before.author_id or annotation.completed_by_id
    return _verdict_plan(
        annotation,
        request,
        actor,
        now=now,
        ends=ends,
        seen=before,
        version=None if signs_edit else _fixed_version(annotation, request, actor),
        fix=Fix(before=result, author_id=author_id),
    )


def _fixed_version(annotation: Annotation, request: VerdictRequest, actor: User) -> NewVersion:
    config = annotation.project.label_config_version_id
    return NewVersion(request.result or [], annotation.was_cancelled, actor.pk, config)


def _fix_refusal(annotation: Annotation, request: VerdictRequest) -> Refusal | None:
    if request.result is None:
        return Refusal("result_required", "fix-and-accept needs the corrected result.", field="result")
    if same_result(request.result, annotation.result):
        return Refusal(
            "nothing_fixed", "The result is the same as before: accept it instead.", field="result"
        )
    found = problems(request.result, annotation.project.label_config)
    return Refusal("invalid_result", found[0], field="result") if found else None


def _verdict_plan(
    annotation: Annotation,
    request: VerdictRequest,
    actor: User,
    *,
    now: datetime,
    reject_action: str | None = None,
    seen: History | None = None,
    version: NewVersion | None = None,
    **more: Any,
) -> Plan:
    is_fix = request.verdict == ActionType.FIXED_AND_ACCEPTED
    requeued = reject_action == RejectAction.REQUEUE
    contested = annotation.contested_at is not None
    columns = standing_columns(
        request.verdict, reject_action, reviewer_id=actor.pk, at=now, author_id=annotation.completed_by_id
    )
    return Plan(
        annotation,
        columns
        | {
            "rounds": rejection.earlier_rounds(annotation) + requeued,
            "contested_at": None,
            "upheld": request.verdict == ActionType.REJECTED and (contested or annotation.upheld),
            "ever_reviewed": True,
        },
        action=HistoryAction(request.verdict.value),
        review=NewReview(
            verdict=request.verdict,
            reason=request.reason,
            reject_action=reject_action,
            seen_version_id=seen.pk if seen else annotation.current_version_id,
            fixed_version_id=annotation.current_version_id if is_fix and version is None else None,
            started_at=request.started_at,
        ),
        version=version,
        comment=request.comment,
        **more,
    )


def standing_columns(
    verdict: str, reject_action: str | None, *, reviewer_id: int, at: datetime, author_id: int
) -> dict[str, Any]:
    """What a standing verdict says in the columns of its annotation, `standing_review_id` apart."""
    requeued = reject_action == RejectAction.REQUEUE
    return {
        "last_action": verdict,
        "last_created_by_id": reviewer_id,
        "redistributed": reject_action == RejectAction.REDISTRIBUTE,
        "returned_at": at if requeued else None,
        "returned_to_id": author_id if requeued else None,
    }


# --- without a verdict ------------------------------------------------------------------------------


def plan_undo(annotation: Annotation, review: Review, actor: User) -> Plan:
    """The annotation is unreviewed then. Of a fix, the version before it is written anew, under its author's
    name."""
    version = None
    if review.fixed_version_id is not None:
        seen = review.seen_version
        author_id = seen.author_id or annotation.completed_by_id
        version = NewVersion(seen.result or [], seen.was_cancelled, author_id, seen.label_config_id)
    return Plan(
        annotation,
        _unsigned(annotation, ActionType.DELETED_REVIEW, actor, rounds=rejection.earlier_rounds(annotation)),
        action=HistoryAction.DELETED_REVIEW,
        version=version,
        ends=review,
        undoes=True,
    )


def plan_reopen(
    annotation: Annotation, standing: Review | None, actor: User, *, now: datetime, to: str, comment: str
) -> Plan:
    returned_to = annotation.completed_by_id if to == RETURN_TO_AUTHOR else None
    return Plan(
        annotation,
        _unsigned(annotation, ActionType.UPDATED, actor, returned_at=now, returned_to_id=returned_to),
        action=HistoryAction.REOPENED,
        ends=standing,
        comment=comment,
    )


def plan_undo_reopen(annotation: Annotation, actor: User) -> Plan:
    return Plan(
        annotation,
        _unsigned(annotation, ActionType.UPDATED, actor),
        action=HistoryAction.UPDATED,
        details={"reopen": "undone"},
    )


def plan_withdrawal(annotation: Annotation, standing: Review | None) -> Plan:
    """The annotation has changed under its verdict. `last_action` and the history are written already."""
    return Plan(annotation, NO_VERDICT, ends=standing)


def _unsigned(annotation: Annotation, action: ActionType, actor: User, **more: Any) -> dict[str, Any]:
    return {**NO_VERDICT, "last_action": action, "last_created_by_id": actor.pk, **more}
