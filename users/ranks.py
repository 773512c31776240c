"""Who may change whose account. Nobody raises their own rank, and administrators do not manage owners."""

from .capabilities import Role, role_can
from .models import User


def may_manage(actor: User, person: User) -> bool:
    """Owners manage everybody; administrators everybody except owners, whose password or token would make
    them one.
    """
    if not actor.is_active or not role_can(actor.role_on_site, "manage_site"):
        return False
    return actor.role_on_site == Role.OWNER or person.role_on_site != Role.OWNER


def grantable_roles(actor: User) -> list[Role]:
    """The site roles `actor` may give to others."""
    return [Role.OWNER, Role.ADMIN] if actor.role_on_site == Role.OWNER else [Role.ADMIN]
