"""Who may change whose account: nobody lifts themselves, and an administrator does not touch an owner."""

from .capabilities import Role, role_can
from .models import User


def may_manage(actor: User, person: User) -> bool:
    """An owner manages everybody; an administrator everybody but owners, whose password or token would make them one."""
    if not actor.is_active or not role_can(actor.role_on_site, "manage_site"):
        return False
    return actor.role_on_site == Role.OWNER or person.role_on_site != Role.OWNER


def grantable_roles(actor: User) -> list[Role]:
    """The site roles `actor` may give to others."""
    return [Role.OWNER, Role.ADMIN] if actor.role_on_site == Role.OWNER else [Role.ADMIN]
