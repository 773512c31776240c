"""What happens to a rejected annotation: `remove` leaves it rejected, `requeue` sends it back to its author,
`redistribute` lets somebody else label the task."""

from tasks.choices import Distribution, RejectAction
from tasks.models import Annotation
from tasks.roles import may, role_in
from users.models import User
from users.sentences import sentence as _

from .. import workflow
from ..guards import Refusal
from .request import VerdictRequest


def resolve_reject_action(annotation: Annotation, request: VerdictRequest) -> tuple[str, Refusal | None]:
    """The reject action, and why it is not possible (None: it is).

    It is the one requested, else the project's default. If the default is `requeue`, but the author cannot
    take the work back, it is `remove` where the project allows that.
    """
    project = annotation.project
    action = request.reject_action or project.default_reject_action
    obstacle = _requeue_refusal(annotation) if action == RejectAction.REQUEUE else None
    # A requeue that was requested by name is refused instead.
    if obstacle and not request.reject_action and RejectAction.REMOVE in project.allowed_reject_actions:
        return RejectAction.REMOVE, None
    return action, obstacle


def reject_refusal(
    annotation: Annotation, request: VerdictRequest, actor: User, *, action: str, obstacle: Refusal | None
) -> Refusal | None:
    """Why this reject is not possible. `action` and `obstacle` come from `resolve_reject_action`."""
    # In the order that docs/reference/workflow.md promises.
    return (
        workflow.reject_action_not_allowed(annotation.project, action)
        or obstacle
        or (
            _redistribute_refusal(annotation, request, actor) if action == RejectAction.REDISTRIBUTE else None
        )
        or workflow.unknown_reason(annotation.project, request.reason)
    )


def notice_of(annotation: Annotation, request: VerdictRequest, action: str) -> str:
    """A sentence for the reviewer if the project's default was not possible, else empty."""
    if request.reject_action or action == annotation.project.default_reject_action:
        return ""
    if rounds_are_used_up(annotation):
        return _(
            "It has been sent back as often as this project allows, so it was rejected with %(action)s.",
            action=action,
        )
    return _("The annotator cannot take it back, so it was rejected with %(action)s.", action=action)


def earlier_rounds(annotation: Annotation) -> int:
    """How often it was sent back, not counting the standing verdict: a new one will supersede that."""
    is_standing_round = annotation.standing_review_id is not None and annotation.returned_at is not None
    return annotation.rounds - is_standing_round


def rounds_are_used_up(annotation: Annotation) -> bool:
    cap = annotation.project.max_rounds
    return cap is not None and earlier_rounds(annotation) >= cap


def author_can_take_back(annotation: Annotation) -> bool:
    author = annotation.completed_by
    if author.is_placeholder or not author.is_active:
        return False
    # Filtered in Python, because a selection has prefetched all memberships.
    membership = next((m for m in author.memberships.all() if m.project_id == annotation.project_id), None)
    return author.role_on_site is not None if membership is None else not membership.paused


def _requeue_refusal(annotation: Annotation) -> Refusal | None:
    if rounds_are_used_up(annotation):
        return _rounds_capped(annotation)
    if author_can_take_back(annotation):
        return None
    return Refusal(
        "annotator_unavailable",
        _(
            "The annotator cannot take this back (inactive, paused or no longer a member). Choose another "
            "reject action."
        ),
        field="reject_action",
    )


def _rounds_capped(annotation: Annotation) -> Refusal:
    times = "once" if annotation.rounds == 1 else f"{annotation.rounds} times"
    others = [a for a in annotation.project.allowed_reject_actions if a != RejectAction.REQUEUE]
    instead = (
        _("Reject it with %(others)s", others=" or ".join(others))
        if others
        else _("Ask a manager to reopen it")
    )
    return Refusal(
        "rounds_capped",
        _(
            "This has been sent back %(times)s, as often as this project allows. "
            "%(instead)s, or fix and accept it.",
            times=times,
            instead=instead,
        ),
        field="reject_action",
    )


def _redistribute_refusal(annotation: Annotation, request: VerdictRequest, actor: User) -> Refusal | None:
    assignee, project = request.assignee, annotation.project
    if assignee is not None and role_in(project.pk, assignee) is None:
        return Refusal(
            "assignee_not_a_member", _("The new assignee is not a member of this project."), field="assignee"
        )
    if assignee is not None and annotation.is_work_of(assignee):
        return Refusal(
            "assignee_is_author",
            _("This person made the annotation and may not label the task again. Name somebody else."),
            field="assignee",
        )
    # Redistributed work goes to whoever draws the task next, which nobody can where tasks are assigned.
    manual = project.label_stream_task_distribution != Distribution.AUTO
    if manual and (assignee is None or not may(actor, "manage_project", project)):
        return Refusal(
            "redistribute_needs_auto_distribution",
            _(
                "Tasks are assigned manually in this project: only a manager may redistribute, "
                "by naming the new assignee."
            ),
            field="reject_action",
        )
    return None
