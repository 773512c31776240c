"""Members of a project: their role, pausing and removing them, and who of them is active.

Removing, pausing or deactivating somebody keeps their work, reviews and counts under their name. What waits
for them is in tasks/services/ownerless_work.py.
"""

from collections.abc import Collection
from copy import copy

from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When

from users.capabilities import PROJECT_ROLES, SITE_ROLES, Role, roles_with
from users.models import User
from users.sentences import sentence as _

from .. import events
from ..errors import Refused
from ..models import Membership, Project
from ..roles import forget_roles, role_in
from . import reservations

# Why somebody gets no work in a project.
INACTIVE, REMOVED, PAUSED = "inactive", "removed", "paused"


def set_role(project: Project, user: User, role: str, *, actor: User | None = None) -> Membership:
    """Change the role of a member, or add one. What they had reserved in another role becomes free."""
    with transaction.atomic():
        membership = _lock(project.pk, user)
        if membership is None:
            # Somebody else may be adding them at this moment: then that row is changed.
            membership, is_new = Membership.objects.get_or_create(
                project=project, user=user, defaults={"role": role}
            )
            if not is_new:
                return set_role(project, user, role, actor=actor)
            _tell(events.MEMBER_ADDED, project, membership, actor)
        elif membership.role != role:
            if role != Role.MANAGER:
                _require_another_manager(project.pk, user)
            membership.role = role
            membership.save(update_fields=["role"])
            release(project, user, actor=actor)
            _tell(events.MEMBER_CHANGED, project, membership, actor)
        forget_roles(user)
    return membership


def add(project: Project, user: User, role: str = Role.ANNOTATOR, *, actor: User) -> Membership:
    """A member who is there already keeps their role."""
    with transaction.atomic():
        return _lock(project.pk, user) or set_role(project, user, role, actor=actor)


def set_many(project: Project, people: Collection[User], role: str | None, *, actor: User) -> int:
    """Give these people the role, or add them as annotators. All or none. Returns how many are new."""
    with transaction.atomic():
        present = _lock_all(project.pk, people)
        for person in people:
            if role or person.pk not in present:
                set_role(project, person, role or Role.ANNOTATOR, actor=actor)
    return sum(person.pk not in present for person in people)


def remove_many(project: Project, people: Collection[User], *, actor: User) -> int:
    """All or none. Returns how many were members."""
    with transaction.atomic():
        present = _lock_all(project.pk, people)
        gone = [present[person.pk] for person in people if person.pk in present]
        for membership in gone:
            remove(membership, actor=actor)
    return len(gone)


def remove(membership: Membership, *, actor: User | None = None) -> None:
    project, user = membership.project, membership.user
    with transaction.atomic():
        if locked := _lock(project.pk, user):
            _require_another_manager(project.pk, user)
            gone = copy(locked)  # deleting takes the id away
            locked.delete()
            forget_roles(user)
            release(project, user, actor=actor)
            _tell(events.MEMBER_REMOVED, project, gone, actor)


def set_paused(membership: Membership, paused: bool, *, actor: User) -> Membership:
    """A paused member gets no new work, but may still finish what was returned to them."""
    with transaction.atomic():
        locked = _lock(membership.project_id, membership.user)
        if locked is None:
            raise Refused("not_found", _("This person is no longer a member of the project."), status=404)
        if locked.paused != paused:
            locked.paused = paused
            locked.save(update_fields=["paused"])
            if paused:
                release(membership.project, membership.user, actor=actor)
            _tell(events.MEMBER_CHANGED, membership.project, locked, actor)
    return locked


def _tell(kind: str, project: Project, membership: Membership, actor: User | None) -> None:
    events.emit(kind, project, actor=actor, subjects=(membership,))


def _lock(project_id: int, user: User) -> Membership | None:
    """The membership as it is now. With it the managers of the project are locked, by id: of two who leave
    at once, the second sees that there is nobody else.
    """
    return _lock_all(project_id, [user]).get(user.pk)


def _lock_all(project_id: int, people: Collection[User]) -> dict[int, Membership]:
    """By user id, those of the managers too."""
    concerned = Q(user__in=people) | Q(role=Role.MANAGER)
    rows = Membership.objects.filter(concerned, project=project_id).order_by("pk")
    locked = rows.select_related("user", "project").select_for_update(no_key=True, of=("self",))
    return {row.user_id: row for row in locked}


def release(project: Project, user: User, *, actor: User | None) -> None:
    """What they have reserved or leased in this project becomes free for others."""
    reservations.release_all(project, user)
    events.emit(events.MEMBER_RELEASED, project, actor=actor, subjects=(user,))


def _require_another_manager(project_id: int, user: User) -> None:
    managers = Membership.objects.filter(project=project_id, role=Role.MANAGER)
    if managers.filter(user=user).exists() and not managers.exclude(user=user).exists():
        raise Refused(
            "last_manager",
            _("This is the project's only manager. Make somebody else a manager first."),
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
            "no_member",
            _("No active member of this project: %(names)s. Add them first.", names=names),
            field="users",
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
            _("This person is paused in the project or not a member of it. Choose an active member."),
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
