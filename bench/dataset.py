"""Migrates and fills the database of `make bench`, in a process of its own: the bench itself has no Django.

`python -m bench.dataset SPEC` prints JSON: the project, the reviewers with their tokens, the annotations that
wait for review. SPEC: `{"annotations": n, "reviewers": n}`.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import django

if TYPE_CHECKING:
    from tests.factories import House


def run(fill: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Migrate, call `fill` with the spec of the command line, and print what it returns."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
    from django.conf import settings
    from django.core.management import call_command

    # The real hasher takes a quarter of a second per person, and nobody signs in with a password here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps(fill(json.loads(sys.argv[1]))))


def fill(spec: dict[str, int]) -> dict[str, Any]:
    from tests.factories import build_house, member
    from users.capabilities import Role
    from users.models import ApiToken

    house = build_house()
    reviewers = [member(house.project, Role.REVIEWER, f"bench-{n}") for n in range(spec["reviewers"])]
    return {
        "project": house.project.pk,
        "tokens": [ApiToken.issue(person, name="bench")[1] for person in reviewers],
        "reviewers": [person.pk for person in reviewers],
        "annotations": _annotations(house, spec["annotations"]),
    }


def _annotations(house: "House", count: int) -> list[int]:
    from django.db import connection

    from .seed import authors, seed_reviewable

    seed_reviewable(house.annotation, count, reviewer=house.annotator, written_by=authors())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return waiting_annotations(house)


def waiting_annotations(house: "House") -> list[int]:
    """Ids of all annotations but the one that came with the house."""
    from tasks.models import Annotation

    waiting = Annotation.objects.filter(task__project=house.project).exclude(pk=house.annotation.pk)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


if __name__ == "__main__":
    run(fill)
