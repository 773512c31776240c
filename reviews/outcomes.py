"""What a verdict must bring with it, and what becomes of a rejected annotation (rules §7)."""

from tasks.choices import ActionType, Distribution, RejectAction
from tasks.labelconfig import problems
from tasks.models import Annotation
from tasks.results import same_result
from tasks.roles import may, role_in

from . import workflow
from .comments import fresh_comment
from .decisions import Intent, Sentence, earlier_rounds
from .guards import Refusal


def settle(sentence: Sentence, actor) -> str:
    """Fill in what the caller left open, and refuse what is missing or wrong. Returns a notice for the person, or ""."""
    named = sentence.intent.reject_action
    if found := input_refusal(sentence, actor):
        raise found.as_error()
    annotation, settled = sentence.annotation, sentence.intent.reject_action
    if named or settled in (None, annotation.project.default_reject_action):
        return ""
    why = (
        "It has been sent back as often as this project allows"
        if rounds_spent(annotation)
        else "The annotator cannot take it back"
    )
    return f"{why}, so it was rejected with {settled}."


def input_refusal(sentence: Sentence, actor) -> Refusal | None:
    """The first thing missing or wrong in what one person asks, comment included."""
    if sentence.intent.verdict == ActionType.REJECTED and not sentence.intent.comment:
        sentence.comment = fresh_comment(sentence.annotation, actor)
        has_object = sentence.comment is not None
        if found := workflow.comment_required(
            sentence.annotation.project, comment="", has_comment_object=has_object
        ):
            return found
    return refusal(sentence, actor)


def refusal(sentence: Sentence, actor) -> Refusal | None:
    """The same for a selection, which needs no comment. Settles the outcome of a reject."""
    if sentence.intent.verdict == ActionType.REJECTED:
        return _reject_refusal(sentence, actor)
    return _fix_refusal(sentence) if sentence.rewrites else None


def _reject_refusal(sentence: Sentence, actor) -> Refusal | None:
    annotation, intent = sentence.annotation, sentence.intent
    action, unavailable = resolve(annotation, intent)
    found = (
        workflow.reject_action_not_allowed(annotation.project, action)
        or unavailable
        or _redistribute_refusal(annotation, intent, actor, action)
        or workflow.unknown_reason(annotation.project, intent.reason)
    )
    if found is None:
        sentence.intent = intent.on(reject_action=action)
    return found


def resolve(annotation: Annotation, intent: Intent) -> tuple[str, Refusal | None]:
    """The outcome a reject will have: the one named, else the project's default, else `remove` where nobody can take it back."""
    named = intent.reject_action
    action = named or annotation.project.default_reject_action
    obstacle = requeue_refusal(annotation) if action == RejectAction.REQUEUE else None
    if obstacle and not named and RejectAction.REMOVE in annotation.project.allowed_reject_actions:
        return RejectAction.REMOVE, None
    return action, obstacle


def requeue_refusal(annotation: Annotation) -> Refusal | None:
    if rounds_spent(annotation):
        return _rounds_capped(annotation)
    if can_take_back(annotation):
        return None
    return Refusal(
        "annotator_unavailable",
        "The annotator cannot take this back (inactive, paused or no longer a member). Choose another reject action.",
        field="reject_action",
    )


def _rounds_capped(annotation: Annotation) -> Refusal:
    often = "once" if annotation.rounds == 1 else f"{annotation.rounds} times"
    others = [
        action for action in annotation.project.allowed_reject_actions if action != RejectAction.REQUEUE
    ]
    instead = f"Reject it with {' or '.join(others)}" if others else "Ask a manager to reopen it"
    return Refusal(
        "rounds_capped",
        f"This has been sent back {often}, as often as this project allows. {instead}, or fix and accept it.",
        field="reject_action",
    )


def rounds_spent(annotation: Annotation) -> bool:
    cap = annotation.project.max_rounds
    return cap is not None and earlier_rounds(annotation) >= cap


def can_take_back(annotation: Annotation) -> bool:
    author = annotation.completed_by
    if author.is_placeholder or not author.is_active:
        return False
    # Read whole, because a selection has them all in hand.
    here = next((m for m in author.memberships.all() if m.project_id == annotation.project_id), None)
    return author.role_on_site is not None if here is None else not here.paused


def _redistribute_refusal(annotation: Annotation, intent: Intent, actor, action: str) -> Refusal | None:
    if action != RejectAction.REDISTRIBUTE:
        return None
    if intent.assignee is not None and role_in(annotation.project_id, intent.assignee) is None:
        return Refusal(
            "assignee_not_a_member", "The new assignee does not belong to this project.", field="assignee"
        )
    if intent.assignee is not None and annotation.is_work_of(intent.assignee):
        return Refusal(
            "assignee_is_author",
            "This is their own work, which they may not label again. Name somebody else.",
            field="assignee",
        )
    if annotation.project.label_stream_task_distribution == Distribution.AUTO:
        return None
    if intent.assignee is not None and may(actor, "manage_project", annotation.project):
        return None
    return Refusal(
        "redistribute_needs_auto_distribution",
        "Tasks are assigned by hand in this project: a manager may redistribute by naming the new assignee.",
        field="reject_action",
    )


def _fix_refusal(sentence: Sentence) -> Refusal | None:
    annotation, result = sentence.annotation, sentence.intent.result
    if result is None:
        return Refusal("result_required", "fix-and-accept needs the corrected result.", field="result")
    if same_result(result, annotation.result):
        return Refusal(
            "nothing_fixed", "The result is the same as before: accept it instead.", field="result"
        )
    found = problems(result, annotation.project.label_config)
    return Refusal("invalid_result", found[0], field="result") if found else None
