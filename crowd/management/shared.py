"""What the commands of campaigns share: the campaign, the person, and how errors are told."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from exchange.management.arguments import add_actor
from users.models import User

from ..models import Campaign


def add_campaign(parser: ArgumentParser, *, required: bool = True, help: str = "") -> None:
    parser.add_argument(
        "--campaign", metavar="SLUG", required=required, help=help or "As in its address: /c/SLUG/"
    )
    add_actor(parser)


def campaign_named(slug: str, person: User) -> Campaign:
    mine = Campaign.objects.visible_to(person).select_related("project")
    if found := mine.filter(slug=slug).first():
        return found
    slugs = list(mine.order_by("slug").values_list("slug", flat=True)[:10])
    known = f"There are: {', '.join(slugs)}" if slugs else "There are none yet: import_crowd --create"
    raise CommandError(f"{person.email} manages no campaign {slug!r}. {known}")


@contextmanager
def errors_in_words() -> Iterator[None]:
    """For a command, with exit code 1."""
    try:
        yield
    except ValidationError as error:  # Refused too
        raise CommandError(" ".join(error.messages)) from None
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None


def counts_of(report: dict[str, Any]) -> str:
    """12 created, 3 unchanged"""
    counts = {name: value for name, value in report.items() if isinstance(value, int)}
    return ", ".join(f"{value:,} {name.replace('_', ' ')}" for name, value in counts.items())
