"""Members of a project: their role, pausing and removing them, and who of them is active.

Removing, pausing or deactivating somebody keeps their work, reviews and counts under their name. What waits
for them is in tasks/services/ownerless_work.py.
"""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from users.capabilities import PROJECT_ROLES, SITE_ROLES, Role, roles_with
from users.models import User

from .. import events
from ..errors import Refused
from ..models import Membership, Project
from ..roles import forget_roles, role_in
from . import reservations

# Why somebody gets no work in a project.
INACTIVE, REMOVED, PAUSED = "inactive", "removed", "paused"


def set_role(project: Project, user: User, role: str) -> Membership:
    """Change the role of a member, or add one."""
    if role != Role.MANAGER:
        _require_another_manager(project.pk, user)
    membership, _ = Membership.objects.update_or_create(project=project, user=user, defaults={"role": role})
    forget_roles(user)
    return membership


def remove(membership: Membership, *, actor: User | None = None) -> None:
    _require_another_manager(membership.project_id, membership.user)
    with transaction.atomic():
        membership.delete()
        forget_roles(membership.user)
        release(membership.project, membership.user, actor=actor)


def set_paused(membership: Membership, paused: bool, *, actor: User) -> Membership:
    """A paused member gets no new work, but may still finish what was returned to them."""
    if membership.paused == paused:
        return membership
    with transaction.atomic():
        membership.paused = paused
        membership.save(update_fields=["paused"])
        if paused:
            release(membership.project, membership.user, actor=actor)
    return membership


def release(project: Project, user: User, *, actor: User | None) -> None:
    """What they have reserved or leased in this project becomes free for others."""
    reservations.release_all(project, user)
    events.emit(events.MEMBER_RELEASED, project, actor=actor, subjects=(user,))


def _require_another_manager(project_id: int, user: User) -> None:
    managers = Membership.objects.filter(project=project_id, role=Role.MANAGER)
    if managers.filter(user=user).exists() and not managers.exclude(user=user).exists():
        raise Refused(
            "last_manager",
            "This is the project's only manager. Make somebody else a manager first.",
            field="role",
        )


def active_members(project: Project, capability: str = "annotate") -> QuerySet[Membership]:
    """Members with the capability who get new work: active people, not paused."""
    roles = [role for role in PROJECT_ROLES if role in roles_with(capability)]
    found = Membership.objects.filter(project=project, paused=False, role__in=roles)
    return found.filter(user__is_active=True, user__is_placeholder=False)


def named(project: Project, ids: Collection[int]) -> list[User]:
    """These members of the project, all of them active people. Raises Refused naming the others."""
    people = list(User.objects.people().filter(pk__in=ids, memberships__project=project))
    if others := sorted(set(ids) - {person.pk for person in people}):
        names = ", ".join(map(str, others))
        raise Refused(
            "no_member", f"No active member of this project: {names}. Add them first.", field="users"
        )
    return people


def is_active_member(user: User, project: Project) -> bool:
    if role_in(project.pk, user) is None or user.is_placeholder:
        return False
    return not Membership.objects.filter(project=project, user=user, paused=True).exists()


def require_active_member(user: User, project: Project) -> None:
    if not is_active_member(user, project):
        raise Refused(
            "not_at_work",
            "This person is paused in the project or not a member of it. Choose an active member.",
            field="to",
        )


def inactive(person: str, project: Project) -> Q:
    """Rows whose `person` (a lookup) gets no work in the project: deactivated, a placeholder, removed or
    paused.
    """
    return _deactivated(person) | _removed(person, project) | _paused(person, project)


def why_inactive(person: str, project: Project) -> Case:
    return Case(
        When(_deactivated(person), then=Value(INACTIVE)),
        When(_paused(person, project), then=Value(PAUSED)),
        default=Value(REMOVED),
        output_field=CharField(),
    )


def _deactivated(person: str) -> Q:
    return Q(**{f"{person}__is_active": False}) | Q(**{f"{person}__is_placeholder": True})


def _removed(person: str, project: Project) -> Q:
    member = Exists(Membership.objects.filter(project=project, user=OuterRef(person)))
    # Owners and administrators of the site work in every project without being members.
    runs_site = Q(**{f"{person}__is_superuser": True}) | Q(**{f"{person}__site_role__in": SITE_ROLES})
    return ~Q(member) & ~runs_site


def _paused(person: str, project: Project) -> Q:
    return Q(Exists(Membership.objects.filter(project=project, user=OuterRef(person), paused=True)))
