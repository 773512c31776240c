"""Changing the accounts of others, and inviting people."""

from typing import Any

from django.db import transaction
from django.db.models import Q

from .capabilities import SITE_ROLES
from .errors import Refused
from .leaving import release
from .models import User
from .password_resets import request_reset
from .ranks import may_manage
from .sentences import sentence as _

RANK = ("is_active", "is_staff", "site_role", "may_create_projects")


def change(person: User, changes: dict[str, Any], *, actor: User) -> User:
    """Change a person as an administrator. Raises Refused.

    Nobody changes their own rank, so somebody who runs the site always remains: of two who deactivate each
    other at once, the second waits and is refused.
    """
    with transaction.atomic():
        rows = _locked_with_administrators(person, actor)
        person, actor = rows[person.pk], rows[actor.pk]
        _require_rank(person, changes, actor)
        before = (person.is_active, person.site_role)
        for name, value in changes.items():
            setattr(person, name, value)
        person.save(update_fields=list(changes))
        if (person.is_active, person.site_role) != before:
            release(person)
    return person


def _locked_with_administrators(*people: User) -> dict[int, User]:
    """As they are now, locked by id."""
    concerned = Q(pk__in=[person.pk for person in people]) | Q(is_active=True, site_role__in=SITE_ROLES)
    rows = User.objects.filter(concerned).order_by("pk").select_for_update(no_key=True, of=("self",))
    return {row.pk: row for row in rows}


def _require_rank(person: User, changes: dict[str, Any], actor: User) -> None:
    if not may_manage(actor, person):
        raise Refused(
            "permission_denied",
            _("Only an administrator may change people, and only an owner may change an owner."),
            status=403,
        )
    if person.pk == actor.pk and (own := [name for name in RANK if name in changes]):
        raise Refused(
            "own_rank",
            _("You cannot change your own rank or deactivate yourself. Ask another administrator."),
            status=403,
            field=own[0],
        )
    if person.is_placeholder and changes.get("is_active"):
        raise Refused(
            "placeholder",
            _("This stands for somebody whom an import names. Merge it into the person instead."),
            field="is_active",
        )


def invite(email: str, **names: str) -> tuple[User, bool]:
    """The person with this e-mail, and whether they are new: then a mail brings them a link to choose a
    password. Raises Refused."""
    with transaction.atomic():
        person = User.objects.filter(email=email).first()
        is_new = person is None
        person = person or User.objects.create_user(email, **names)
        if not person.is_active:
            raise Refused(
                "inactive",
                _("This account is deactivated. Ask an administrator of the site to reactivate it."),
                field="email",
            )
        if is_new:
            request_reset(email)
    return person, is_new
