"""Roles by group of the sign-on provider. Only the operator can write this table, in the setting
OIDC_GROUP_ROLES."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from tasks.models import Membership, Project
from tasks.services import members
from users.capabilities import PROJECT_ROLES, Role
from users.leaving import release
from users.models import User

HELP = (
    'OIDC_GROUP_ROLES is {"group": "AD"} for the site, {"group": "RE:12"} for project 12, or a list of these.'
)


@dataclass(frozen=True)
class Grant:
    role: Role
    project: int | None = None


def group_roles() -> dict[str, list[Grant]]:
    """Group → the roles it grants. Owners are appointed by hand only."""
    given = settings.OIDC_GROUP_ROLES
    if not isinstance(given, dict):
        raise ImproperlyConfigured(HELP)
    return {group: [_grant(text) for text in _listed(texts)] for group, texts in given.items()}


def _listed(texts: object) -> list[object]:
    return texts if isinstance(texts, list) else [texts]


def _grant(text: object) -> Grant:
    code, _, project = str(text).partition(":")
    if code == Role.ADMIN and not project:
        return Grant(Role.ADMIN)
    if code in PROJECT_ROLES and project.isdecimal():
        return Grant(Role(code), int(project))
    raise ImproperlyConfigured(
        f"{text!r} is not a role. {HELP} Site: AD. Projects: {', '.join(PROJECT_ROLES)}."
    )


def give_roles(user: User, groups: Iterable[str]) -> None:
    """Give `user` the roles of `groups`, no others. Does not touch owners or projects outside the table."""
    known = group_roles()
    named = {grant for grants in known.values() for grant in grants}
    given = {grant for group in groups for grant in known.get(group, [])}
    with transaction.atomic():
        if any(grant.project is None for grant in named):
            _give_site_role(user, Grant(Role.ADMIN) in given)
        for project in Project.objects.filter(pk__in={grant.project for grant in named}, deleted_at=None):
            _give_project_role(user, project, {grant.role for grant in given if grant.project == project.pk})


def _give_site_role(user: User, is_admin: bool) -> None:
    if user.role_on_site == Role.OWNER:
        return
    before, user.site_role = user.site_role, Role.ADMIN if is_admin else ""
    user.is_staff = user.is_staff or is_admin
    user.save(update_fields=["site_role", "is_staff"])
    if user.site_role != before:
        release(user)


def _give_project_role(user: User, project: Project, roles: set[Role]) -> None:
    """The highest of `roles`; with none, the membership ends. Work done stays under their name."""
    member = Membership.objects.filter(project=project, user=user).first()
    highest = next((role for role in PROJECT_ROLES if role in roles), None)
    if highest is None:
        if member:
            members.remove(member)
    elif member is None or member.role != highest:
        members.set_role(project, user, highest)
