"""Who may do what, in one table.

Owner and administrator are roles of the whole site; manager, reviewer and annotator are roles in a project.
"""

from django.db import models


class Role(models.TextChoices):
    """Label Studio's codes."""

    OWNER = "OW", "Owner"
    ADMIN = "AD", "Administrator"
    MANAGER = "MA", "Manager"
    REVIEWER = "RE", "Reviewer"
    ANNOTATOR = "AN", "Annotator"


SITE_ROLES = (Role.OWNER, Role.ADMIN)
PROJECT_ROLES = (Role.MANAGER, Role.REVIEWER, Role.ANNOTATOR)

_SITE = frozenset(SITE_ROLES)
_LEADS = _SITE | {Role.MANAGER}
_REVIEWERS = _LEADS | {Role.REVIEWER}
_EVERYONE = _REVIEWERS | {Role.ANNOTATOR}

CAPABILITIES: dict[str, frozenset[Role]] = {
    "view_project": _EVERYONE,
    "annotate": _EVERYONE,
    "comment": _EVERYONE,
    "view_all_annotations": _REVIEWERS,
    "review_annotation": _REVIEWERS,
    "edit_any_annotation": _REVIEWERS,
    "set_ground_truth": _REVIEWERS,
    "export": _REVIEWERS,
    "manage_project": _LEADS,
    "import": _LEADS,
    "delete_reviewed": _LEADS,
    "undo_any_review": _LEADS,
    "set_completed_by": _LEADS,
    "manage_members": _LEADS,
    "manage_webhooks": _LEADS,
    "manage_site": _SITE,
}


def role_can(role: Role | str | None, capability: str) -> bool:
    return role in CAPABILITIES[capability]


def roles_with(capability: str) -> frozenset[Role]:
    return CAPABILITIES[capability]
