"""Arguments that several commands have: who does it, and in which project."""

from argparse import ArgumentParser

from django.core.management.base import CommandError

from tasks.models import Project
from users.capabilities import SITE_ROLES
from users.models import User


def add_actor(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--as",
        dest="actor",
        metavar="EMAIL",
        help="Who does it (default: the first owner or administrator of the site).",
    )


def person_named(email: str | None) -> User:
    people = User.objects.filter(is_active=True)
    if email:
        found = people.filter(email=email).first()
    else:
        found = (
            (people.filter(is_superuser=True) | people.filter(site_role__in=SITE_ROLES))
            .order_by("pk")
            .first()
        )
    if found is None:
        raise CommandError(
            f"There is no active {email or 'owner or administrator'}. Say who does it: --as EMAIL"
        )
    return found


def project_named(named: str, person: User) -> Project:
    """By its id or title, among those that the person manages."""
    mine = Project.objects.managed_by(person)
    found = mine.filter(pk=int(named)) if named.isdecimal() else mine.filter(title=named)
    if len(found) != 1:
        raise CommandError(
            f"{person.email} manages {len(found) or 'no'} projects called {named!r}. Give the id of one."
        )
    return found[0]
