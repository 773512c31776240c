"""What may happen to an annotation: one table, and one function that reads it.

Each action is a row: the capability it needs, and the guards that must agree. `refusal` answers whether
somebody may do something and why not; `allowed_actions` says which buttons to show.
"""

from dataclasses import dataclass

from tasks.choices import ActionType
from tasks.models import Annotation, Project
from tasks.roles import may_after_all
from users.models import User
from users.sentences import sentence as _

from .guards import (
    Case,
    Guard,
    Refusal,
    already_contested,
    already_opened,
    already_returned,
    decided_dispute,
    locked_by_verdict,
    not_assigned,
    not_its_author,
    not_rejected,
    not_reopened,
    not_standing,
    not_submitted,
    not_your_review,
    not_your_work,
    not_yours_to_change,
    own_annotation,
    own_verdict_contested,
    own_version,
    reviewed_once,
    skipped,
    task_not_finished,
    verdict_stands,
    workflow_disabled,
)


@dataclass(frozen=True)
class Rule:
    """`capability` says who, `guards` say when. `to` is the new `last_action`; None: it stays."""

    capability: str
    guards: tuple[Guard, ...]
    to: ActionType | None


REVIEWABLE = (workflow_disabled, not_submitted, skipped, task_not_finished, not_assigned)
# A skipped annotation has nothing to review, but it can be returned.
RETURNABLE = tuple(guard for guard in REVIEWABLE if guard is not skipped)

# Guards about the person come before those about the work, so that a refusal gives nothing away.
WORKFLOW: dict[str, Rule] = {
    "accept": Rule(
        "review_annotation", (own_annotation, own_verdict_contested, *REVIEWABLE), ActionType.ACCEPTED
    ),
    "reject": Rule(
        "review_annotation",
        (own_annotation, own_version, own_verdict_contested, *REVIEWABLE),
        ActionType.REJECTED,
    ),
    "fix_and_accept": Rule(
        "review_annotation",
        (own_annotation, own_verdict_contested, *REVIEWABLE),
        ActionType.FIXED_AND_ACCEPTED,
    ),
    "undo": Rule("review_annotation", (not_standing, not_your_review), ActionType.DELETED_REVIEW),
    "reopen": Rule(
        "review_annotation",
        (own_annotation, own_version, *RETURNABLE, already_returned),
        ActionType.UPDATED,
    ),
    "undo_reopen": Rule("review_annotation", (own_annotation, own_version, not_reopened), ActionType.UPDATED),
    "contest": Rule(
        "annotate",
        (not_your_work, workflow_disabled, not_rejected, already_contested, decided_dispute),
        None,
    ),
    "edit": Rule("annotate", (not_yours_to_change, locked_by_verdict), ActionType.UPDATED),
    "skip": Rule("annotate", (not_yours_to_change, locked_by_verdict), ActionType.SKIPPED),
    "convert_to_draft": Rule("annotate", (not_its_author, verdict_stands), ActionType.UPDATED),
    "take_back": Rule("annotate", (not_its_author, verdict_stands, already_opened), ActionType.UPDATED),
    "delete": Rule("annotate", (not_yours_to_change, locked_by_verdict, reviewed_once), ActionType.UPDATED),
}
REVIEW_ACTIONS = ("accept", "reject", "fix_and_accept", "undo", "reopen", "contest")
AUTHOR_ACTIONS = ("edit", "skip", "delete", "take_back")
BUTTONS = REVIEW_ACTIONS + AUTHOR_ACTIONS


def refusal(action: str, annotation: Annotation, user: User) -> Refusal | None:
    """Why `user` may not do `action` to `annotation` as it is now (the first reason), or None."""
    rule = WORKFLOW[action]
    if not may_after_all(user, rule.capability, annotation.project_id):
        return NOT_A_REVIEWER if rule.capability == "review_annotation" else NOT_A_MEMBER
    case = Case(action, annotation, user)
    return next((found for guard in rule.guards if (found := guard(case))), None)


NOT_A_REVIEWER = Refusal(
    "not_a_reviewer",
    _(
        "Your role in this project does not include reviewing. Ask a manager of the project to make you a "
        "reviewer."
    ),
    403,
)

NOT_A_MEMBER = Refusal(
    "not_a_member", _("You are no longer a member of this project. Ask a manager of the project."), 403
)


def refusals(annotation: Annotation, user: User) -> dict[str, Refusal]:
    """The actions of BUTTONS that `user` may not do now, and why."""
    found = ((action, refusal(action, annotation, user)) for action in BUTTONS)
    return {action: why for action, why in found if why}


def allowed_actions(annotation: Annotation, user: User) -> list[str]:
    refused = refusals(annotation, user)
    return [action for action in BUTTONS if action not in refused]


# --- what a verdict has to contain, checked after repeats ------------------------------------------


def reject_action_not_allowed(project: Project, action: str) -> Refusal | None:
    if action in project.allowed_reject_actions:
        return None
    allowed = ", ".join(project.allowed_reject_actions)
    return Refusal(
        "reject_action_not_allowed",
        _("This project allows these reject actions: %(allowed)s.", allowed=allowed),
        field="reject_action",
    )


def comment_required(project: Project, *, comment: str, has_comment_object: bool) -> Refusal | None:
    if comment or has_comment_object or not project.require_review_comment_on_reject:
        return None
    return Refusal(
        "comment_required",
        _("In this project a reject needs a comment that says what is wrong."),
        field="comment",
    )


def unknown_reason(project: Project, reason: str) -> Refusal | None:
    codes = list(project.reasons)
    if not reason or reason in codes:
        return None
    return Refusal(
        "unknown_reason",
        _("This project has these reject reasons: %(codes)s.", codes=", ".join(codes) or "none"),
        field="reason",
    )


ACTION_OF = {WORKFLOW[action].to: action for action in ("accept", "reject", "fix_and_accept")}
