"""A process of its own, with Django, that migrates and fills the database of `make bench`.

`python -m bench.dataset SPEC` prints JSON: the project, the reviewers with their tokens, the annotations that
wait for review. SPEC: `{"annotations": n, "reviewers": n}`.
"""

import json
import os
import sys
from typing import Any

import django


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


def _annotations(house: Any, count: int) -> list[int]:
    from django.db import connection

    from tasks.models import Annotation

    from .seed import authors, seed_reviewable

    people = authors()
    seed_reviewable(house.annotation, count, reviewer=house.annotator, written_by=people)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    waiting = Annotation.objects.filter(task__project=house.project).exclude(pk=house.annotation.pk)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
    from django.conf import settings

    # The real hasher takes a quarter of a second per person, and nobody signs in with a password here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(json.dumps(fill(json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
