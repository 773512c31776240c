"""Planning: what a decision does to a locked annotation, as a frozen Plan, or why it is refused.

Nothing is written here, and nothing on the annotation changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tasks.choices import ActionType, HistoryAction, RejectAction
from tasks.concurrency import refuse_stale
from tasks.models import Annotation, History
from tasks.result_problems import problems
from tasks.results import same_result
from users.models import User
from users.sentences import sentence as _

from .. import workflow
from ..comments import fresh_comment
from ..corrections import Fix
from ..guards import Case, Refusal, own_version
from ..models import Comment, Review
from . import rejection
from .request import RETURN_TO_AUTHOR, VerdictRequest

Columns = Mapping[str, Any]
# The review columns of an annotation on which no review stands.
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
    """A result that the decision writes: a fix, or the version before a fix that is undone."""

    result: list[dict[str, Any]]
    was_cancelled: bool
    author_id: int
    label_config_id: int | None


@dataclass(frozen=True)
class NewReview:
    """A review to insert. A fix without `fixed_version_id` gets the plan's new version as its own."""

    verdict: ActionType
    reason: str
    reject_action: str | None
    seen_version_id: int | None
    fixed_version_id: int | None
    started_at: datetime | None
    created_by_id: int
    imported_by_id: int | None = None
    restores_id: int | None = None


@dataclass(frozen=True)
class Plan:
    """What happens to one annotation: its review columns, a history row, and a review that begins or ends.

    `columns` has the new values by attribute name. `comment` becomes a comment object; `comment_object` is
    one that exists. `ends` is the review that stops standing: undone if `undoes` is set, superseded if there
    is a new `review`, outdated otherwise.
    """

    annotation: Annotation
    columns: Columns
    action: HistoryAction | None = None  # None: the change that outdates a review has its own history row
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
    """A plan, or a refusal, or `standing` itself where the request only repeats it.

    `standing` is the review in force, read under the lock. A reject in bulk needs
    no comment. Raises Refused (`stale`).
    """
    original = request = _fix_or_accept(annotation, request)
    if refusal := workflow.refusal(workflow.ACTION_OF[request.verdict], annotation, actor):
        return refusal
    found = _as_fix_of_own_edit(annotation, original, actor)
    if isinstance(found, Refusal):
        return found
    request, before = found
    # Before the check for staleness: the first of two equal requests has made the second one stale.
    if standing is not None and _repeats(standing, annotation, request, actor):
        return standing
    refuse_stale(annotation, request.seen)
    if request.verdict == ActionType.REJECTED:
        return _plan_reject(annotation, request, actor, now=now, ends=standing, in_bulk=in_bulk)
    if request.verdict == ActionType.FIXED_AND_ACCEPTED:
        already_written = original.verdict == ActionType.ACCEPTED
        return _plan_fix(
            annotation, request, actor, now=now, ends=standing, before=before, already_written=already_written
        )
    return _verdict_plan(annotation, request, actor, now=now, ends=standing)


def _fix_or_accept(annotation: Annotation, request: VerdictRequest) -> VerdictRequest:
    """Accepting with a result: a fix if the result says something else, a plain accept if not."""
    if request.verdict != ActionType.ACCEPTED or request.result is None:
        return request
    if same_result(request.result, annotation.result):
        return replace(request, result=None)
    return replace(request, verdict=ActionType.FIXED_AND_ACCEPTED)


def _as_fix_of_own_edit(
    annotation: Annotation, request: VerdictRequest, actor: User
) -> tuple[VerdictRequest, History | None] | Refusal:
    """Accepting one's own edit of somebody else's work is a fix of the annotator's last version.

    Else the review would say that the annotator's work was right as it was. Returns the request to plan, and
    that version (None: the review is given on the current one). Refused if nobody else wrote any version.
    """
    own_edit = annotation.version_author_id == actor.pk and not annotation.is_work_of(actor)
    if request.verdict == ActionType.REJECTED or not own_edit:
        return request, None
    before = last_version_of_author(annotation) or _last_version_by_others(annotation, actor)
    if before is None:
        return own_version(Case("accept", annotation, actor)) or (request, None)
    if request.verdict == ActionType.FIXED_AND_ACCEPTED:
        return request, before
    same = same_result(before.result or [], annotation.result)
    if same and before.was_cancelled == annotation.was_cancelled:
        return request, None
    return replace(request, verdict=ActionType.FIXED_AND_ACCEPTED, result=annotation.result), before


def last_version_of_author(annotation: Annotation) -> History | None:
    versions = History.objects.filter(annotation=annotation).versions()
    authors = (annotation.completed_by_id, annotation.written_by_id)
    return versions.filter(author__in=authors).order_by("-id").first()


def _last_version_by_others(annotation: Annotation, actor: User) -> History | None:
    """For an author who is not named in the history: a placeholder, merged into them by now, is."""
    versions = History.objects.filter(annotation=annotation).versions()
    return versions.exclude(author=actor).order_by("-id").first()


def _repeats(standing: Review, annotation: Annotation, request: VerdictRequest, actor: User) -> bool:
    """The same reviewer sends the same verdict again. What is left out counts as equal."""
    # An imported verdict repeats nothing: nobody has decided it here.
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
    # A comment may have been sent as an object, just before the reject.
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
    already_written: bool,
) -> Plan | Refusal:
    """A fix writes a new version, unless the reviewer has `already_written` it by a plain edit."""
    if not already_written and (refusal := _fix_refusal(annotation, request)):
        return refusal
    result, author_id = annotation.result, annotation.version_author_id
    if before:
        result, author_id = before.result or [], before.author_id or annotation.completed_by_id
    config = annotation.project.label_config_version_id
    new_version = NewVersion(request.result or [], annotation.was_cancelled, actor.pk, config)
    return _verdict_plan(
        annotation,
        request,
        actor,
        now=now,
        ends=ends,
        seen=before,
        version=None if already_written else new_version,
        fix=Fix(before=result, author_id=author_id),
    )


def _fix_refusal(annotation: Annotation, request: VerdictRequest) -> Refusal | None:
    if request.result is None:
        return Refusal("result_required", _("fix-and-accept needs the corrected result."), field="result")
    if same_result(request.result, annotation.result):
        return Refusal(
            "nothing_fixed", _("The result is the same as before: accept it instead."), field="result"
        )
    if not request.result and annotation.project.require_result:
        return Refusal(
            "empty_result", _("This project wants a result: a fix cannot be empty."), field="result"
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
    """`seen` is the version the review is given on, by default the current one; `more` are fields of Plan."""
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
            # A second reject after a dispute settles it: it cannot be contested again.
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
            created_by_id=actor.pk,
        ),
        version=version,
        comment=request.comment,
        **more,
    )


def standing_columns(
    verdict: str, reject_action: str | None, *, reviewer_id: int, at: datetime, author_id: int
) -> dict[str, Any]:
    """The columns of an annotation that follow from its standing verdict, except `standing_review_id`."""
    requeued = reject_action == RejectAction.REQUEUE
    return {
        "last_action": verdict,
        "last_created_by_id": reviewer_id,
        "redistributed": reject_action == RejectAction.REDISTRIBUTE,
        "returned_at": at if requeued else None,
        "returned_to_id": author_id if requeued else None,
    }


# --- undo, reopen, withdrawal ------------------------------------------------------------------------------


def plan_undo(annotation: Annotation, review: Review, actor: User, *, keeps_version: bool = False) -> Plan:
    """Afterwards the annotation is unreviewed. Undoing a fix writes the version before it again, under the
    name of its author, unless a review is about to be restored that stands on the fix (`keeps_version`)."""
    version = None
    if review.fixed_version_id is not None and not keeps_version:
        # Whoever undoes it, the restored version keeps its author.
        seen = review.seen_version
        author_id = seen.author_id or annotation.completed_by_id
        version = NewVersion(seen.result or [], seen.was_cancelled, author_id, seen.label_config_id)
    return Plan(
        annotation,
        _without_verdict(
            annotation, ActionType.DELETED_REVIEW, actor, rounds=rejection.earlier_rounds(annotation)
        ),
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
        _without_verdict(annotation, ActionType.UPDATED, actor, returned_at=now, returned_to_id=returned_to),
        action=HistoryAction.REOPENED,
        ends=standing,
        comment=comment,
    )


def plan_undo_reopen(annotation: Annotation, actor: User) -> Plan:
    return Plan(
        annotation,
        _without_verdict(annotation, ActionType.UPDATED, actor),
        action=HistoryAction.UPDATED,
        details={"reopen": "undone"},
    )


def plan_withdrawal(annotation: Annotation, standing: Review | None) -> Plan:
    """For an annotation that was changed or deleted while a review stood: `last_action` and history exist."""
    return Plan(annotation, NO_VERDICT, ends=standing)


def plan_self_review(annotation: Annotation, standing: Review) -> Plan:
    """Its reviewer has become its author: nobody has signed it any more."""
    return Plan(annotation, {**NO_VERDICT, "last_action": ActionType.UPDATED}, ends=standing)


def _without_verdict(annotation: Annotation, action: ActionType, actor: User, **more: Any) -> dict[str, Any]:
    return {**NO_VERDICT, "last_action": action, "last_created_by_id": actor.pk, **more}
