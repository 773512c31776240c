"""Options for Label Studio's editor, for front ends that embed it."""

from typing import Any

from tasks.choices import Distribution, RejectAction
from tasks.errors import Refused
from tasks.labelconfig import for_editor
from tasks.models import Project
from tasks.pseudonyms import identities_in
from tasks.roles import may
from users.models import User
from users.sentences import sentence as _

from .visible_people import people_of, visible_people, without_activity

REVIEW, ANNOTATE = "review", "annotate"
# Names are the editor's. Without `topbar` it has no bottom bar, and so no buttons.
ALWAYS = [
    "panel",
    "controls",
    "topbar",
    "side-column",
    "infobar",
    "instruction",
    "annotations:menu",
    "annotations:current",
]
REVIEWING = [
    "annotations:tabs",
    "annotations:view-all",
    "annotations:history",
    "edit-history",
    "comments:resolve-any",
    "review",
]
ANNOTATING = ["submit", "update", "skip", "edit-history", "annotations:history"]
COMMENTS = "annotations:comments"
COMMENT_FIRST = "comments:reject"
TITLES = {
    RejectAction.REMOVE: ("Reject: remove", "Rejected, and not sent back"),
    RejectAction.REQUEUE: ("Reject: requeue", "Back to the same annotator"),
    RejectAction.REDISTRIBUTE: ("Reject: redistribute", "Somebody else labels the task"),
}


def screen_of(user: User, project: Project) -> str:
    """The default: reviewers review, everybody else annotates."""
    return REVIEW if may(user, "review_annotation", project) and project.enable_review_workflow else ANNOTATE


def options(user: User, project: Project, screen: str) -> dict[str, Any]:
    """What the editor needs for this screen. Raises Refused."""
    reviewing = screen == REVIEW
    if reviewing and not project.enable_review_workflow:
        detail = _("Reviews are switched off in this project. Ask a manager.")
        raise Refused("workflow_disabled", detail, field="screen")
    return {
        "project": project.pk,
        "screen": screen,
        "label_config": for_editor(project.label_config),
        "instruction": project.review_instruction if reviewing else project.expert_instruction,
        "interfaces": interfaces(project, screen),
        "require_comment_on_reject": project.require_review_comment_on_reject,
        "default_reject_action": project.default_reject_action,
        "reject_buttons": reject_buttons(project) if reviewing else [],
        "reject_reasons": _reasons(project) if reviewing else [],
        "user": user,
        "users": people(user, project),
    }


def interfaces(project: Project, screen: str) -> list[str]:
    if screen == ANNOTATE:
        return [*ALWAYS, COMMENTS, *ANNOTATING]
    return [
        *ALWAYS,
        COMMENTS,
        *REVIEWING,
        *([COMMENT_FIRST] if project.require_review_comment_on_reject else []),
    ]


def reject_buttons(project: Project) -> list[dict[str, str]]:
    """One for each reject action that the project allows, the default first."""
    allowed = [action for action in project.allowed_reject_actions if _is_possible(project, action)]
    ordered = sorted(allowed, key=lambda action: action != project.default_reject_action)
    return [_button(action) for action in ordered]


def _is_possible(project: Project, action: str) -> bool:
    # Where tasks are assigned manually it needs an assignee, which the editor's button cannot ask for.
    return action != RejectAction.REDISTRIBUTE or project.label_stream_task_distribution == Distribution.AUTO


def _button(action: str) -> dict[str, str]:
    title, tooltip = TITLES[RejectAction(action)]
    return {"name": action, "title": title, "tooltip": tooltip, "variant": "negative", "look": "outlined"}


def people(user: User, project: Project) -> list[User]:
    """`user`, and those members, annotators and reviewers of the project whom `user` may see."""
    identities, here = identities_in(project.pk, user), people_of(project.pk)
    visible = here if identities.mask_people else here.filter(pk__in=visible_people(user).values("pk"))
    shown = without_activity((identities.mask_user(one) for one in {*visible, user}), user)
    return sorted(shown, key=lambda one: one.pk)


def _reasons(project: Project) -> list[dict[str, str]]:
    return [{"code": code, "text": text} for code, text in project.reasons.items()]
