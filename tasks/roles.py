"""Which role somebody has in a project, and so what they may do there."""

from typing import TYPE_CHECKING

from users.capabilities import CAPABILITIES, Role, role_can
from users.recent_reads import ROLES

if TYPE_CHECKING:
    from users.models import User

    from .models import Project


def memberships_of(user: "User") -> dict[int, tuple[str, bool]]:
    """Project id → role code, and whether its reviewers see pseudonyms. Read once per loaded user."""
    if not hasattr(user, "_roles_by_project"):
        read = ROLES.get if getattr(user, "_may_use_recent_roles", False) else ROLES.read_again
        user._roles_by_project = read(user.pk, lambda: _read(user)) if user.pk else {}  # type: ignore[attr-defined]
    return user._roles_by_project  # type: ignore[attr-defined]


def use_recent_roles(user: "User") -> None:
    """Roles that are a few seconds old will do for this request. It reads them again before it refuses."""
    user._may_use_recent_roles = True  # type: ignore[attr-defined]


def reread_roles(user: "User") -> bool:
    """Read the roles as they are now; True if that changes them, so that trying again may help.

    Another process may have made somebody a member a moment ago.
    """
    if not user.__dict__.pop("_may_use_recent_roles", False):
        return False
    before = user.__dict__.pop("_roles_by_project", None)
    return memberships_of(user) != before


def _read(user: "User") -> dict[int, tuple[str, bool]]:
    rows = user.memberships.values_list("project_id", "role", "project__anonymize_annotations")
    return {project: (role, hides) for project, role, hides in rows}


def forget_roles(user: "User") -> None:
    """`user` reads their memberships again; so does every user that is loaded after the commit."""
    user.__dict__.pop("_roles_by_project", None)
    ROLES.drop()


def reads_pseudonyms(user: "User", project_id: int) -> bool:
    """As a reviewer, where `anonymize_annotations` is on (tasks.pseudonyms)."""
    role, hides = memberships_of(user).get(project_id, (None, False))
    return hides and role == Role.REVIEWER and not user.role_on_site


def projects_hiding_people(user: "User") -> list[int]:
    return [project for project in memberships_of(user) if reads_pseudonyms(user, project)]


def role_in(project_id: int, user: "User") -> Role | None:
    if not user.is_active:
        return None
    if user.role_on_site:
        return user.role_on_site
    membership = memberships_of(user).get(project_id)
    return Role(membership[0]) if membership else None


def may(user: "User", capability: str, project: "Project | int") -> bool:
    project_id = project if isinstance(project, int) else project.pk
    return role_can(role_in(project_id, user), capability)


def may_after_all(user: "User", capability: str, project: "Project | int") -> bool:
    """`may`, asked again with the roles as they are now before the answer is no."""
    return may(user, capability, project) or (reread_roles(user) and may(user, capability, project))


def may_somewhere(user: "User", capability: str) -> bool:
    if not user.is_active:
        return False
    roles = CAPABILITIES[capability]
    return user.role_on_site in roles or any(role in roles for role, _ in memberships_of(user).values())


def projects_where(user: "User", capability: str) -> list[int] | None:
    """Ids of the projects in which `user` has the capability; None means every project."""
    if not user.is_active:
        return []
    if user.role_on_site in CAPABILITIES[capability]:
        return None
    return [project for project, (role, _) in memberships_of(user).items() if role_can(role, capability)]
