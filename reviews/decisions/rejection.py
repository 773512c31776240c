"""What becomes of a rejected annotation: it stays rejected, goes back to its author, or its slot goes to
somebody else."""

from tasks.choices import Distribution, RejectAction
from tasks.models import Annotation
from tasks.roles import may, role_in
from users.models import User

from .. import workflow
from ..guards import Refusal
from .request import VerdictRequest


def resolve_reject_action(annotation: Annotation, request: VerdictRequest) -> tuple[str, Refusal | None]:
    """The action named, else the project's default, else `remove` where the author cannot take the work
    back."""
    project = annotation.project
    action = request.reject_action or project.default_reject_action
    obstacle = _requeue_refusal(annotation) if action == RejectAction.REQUEUE else None
    if obstacle and not request.reject_action and RejectAction.REMOVE in project.allowed_reject_actions:
        return RejectAction.REMOVE, None
    return action, obstacle


def reject_refusal(
    annotation: Annotation, request: VerdictRequest, actor: User, *, action: str, obstacle: Refusal | None
) -> Refusal | None:
    """Why this reject is not possible. `action` and `obstacle` are what `resolve_reject_action` answered."""
    return (
        workflow.reject_action_not_allowed(annotation.project, action)
        or obstacle
        or (
            _redistribute_refusal(annotation, request, actor) if action == RejectAction.REDISTRIBUTE else None
        )
        or workflow.unknown_reason(annotation.project, request.reason)
    )


def notice_of(annotation: Annotation, request: VerdictRequest, action: str) -> str:
    """What the reviewer should know when the project's default was not possible; usually nothing."""
    if request.reject_action or action == annotation.project.default_reject_action:
        return ""
    if rounds_are_used_up(annotation):
        return f"It has been sent back as often as this project allows, so it was rejected with {action}."
    return f"The annotator cannot take it back, so it was rejected with {action}."


def earlier_rounds(annotation: Annotation) -> int:
    """How often rejects sent it back before the standing verdict, which a new one supersedes."""
    sent_back = annotation.standing_review_id is not None and annotation.returned_at is not None
    return annotation.rounds - sent_back


def rounds_are_used_up(annotation: Annotation) -> bool:
    cap = annotation.project.max_rounds
    return cap is not None and earlier_rounds(annotation) >= cap


def author_can_take_back(annotation: Annotation) -> bool:
    author = annotation.completed_by
    if author.is_placeholder or not author.is_active:
        return False
    # All memberships, because a selection has prefetched them.
    here = next((m for m in author.memberships.all() if m.project_id == annotation.project_id), None)
    return author.role_on_site is not None if here is None else not here.paused


def _requeue_refusal(annotation: Annotation) -> Refusal | None:
    if rounds_are_used_up(annotation):
        return _rounds_capped(annotation)
    if author_can_take_back(annotation):
        return None
    return Refusal(
        "annotator_unavailable",
        "The annotator cannot take this back (inactive, paused or no longer a member). Choose another "
        "reject action.",
        field="reject_action",
    )


def _rounds_capped(annotation: Annotation) -> Refusal:
    times = "once" if annotation.rounds == 1 else f"{annotation.rounds} times"
    others = [a for a in annotation.project.allowed_reject_actions if a != RejectAction.REQUEUE]
    instead = f"Reject it with {' or '.join(others)}" if others else "Ask a manager to reopen it"
    return Refusal(
        "rounds_capped",
        f"This has been sent back {times}, as often as this project allows. {instead}, or fix and accept it.",
        field="reject_action",
    )


def _redistribute_refusal(annotation: Annotation, request: VerdictRequest, actor: User) -> Refusal | None:
    assignee, project = request.assignee, annotation.project
    if assignee is not None and role_in(project.pk, assignee) is None:
        return Refusal(
            "assignee_not_a_member", "The new assignee does not belong to this project.", field="assignee"
        )
    if assignee is not None and annotation.is_work_of(assignee):
        return Refusal(
            "assignee_is_author",
            "This is their own work, which they may not label again. Name somebody else.",
            field="assignee",
        )
    by_hand = project.label_stream_task_distribution != Distribution.AUTO
    if by_hand and (assignee is None or not may(actor, "manage_project", project)):
        return Refusal(
            "redistribute_needs_auto_distribution",
            "Tasks are assigned by hand in this project: a manager may redistribute by naming the new "
            "assignee.",
            field="reject_action",
        )
    return None
