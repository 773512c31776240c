"""A process of its own, with Django: the schema, the people, what they have to decide, who wants to hear of it.

`python -m bench.chaos.dataset SPEC` prints JSON: the tokens of the lead and of two reviewers, the ids of the annotations,
the ids and secrets of the endpoints. SPEC: `{"annotations": n, "endpoints": [{"url", "parallel", …}]}`.
"""

import io
import json
import os
import sys
from typing import Any

import django

BRIEF = ["ANNOTATION_ACCEPTED", "ANNOTATION_REJECTED", "ANNOTATION_FIXED_AND_ACCEPTED"]


def furnish(spec: dict[str, Any]) -> dict[str, Any]:
    from tests.factories import build_house
    from users.models import ApiToken

    house = build_house()
    people = {"lead": house.lead, "reviewer": house.reviewer, "reviewer2": house.reviewer2}
    return {
        "tokens": {name: ApiToken.issue(person, name="chaos")[1] for name, person in people.items()},
        "annotations": _annotations(house, spec["annotations"]),
        "endpoints": [_endpoint(house, **fields) for fields in spec["endpoints"]],
    }


def _annotations(house: Any, count: int) -> list[int]:
    """By the annotator, in one file: a hundred times as fast as one by one."""
    from exchange.importing.importer import import_file
    from tasks.models import Annotation
    from tests.factories import result

    work = {"result": result(), "completed_by": {"email": house.annotator.email}}
    file = json.dumps(
        [{"data": {"text": f"Letter {number}"}, "annotations": [work]} for number in range(count)]
    )
    import_file(house.project, io.BytesIO(file.encode()), actor=house.lead)
    made = Annotation.objects.filter(task__project=house.project).exclude(pk=house.annotation.pk)
    return list(made.order_by("pk").values_list("pk", flat=True))


def _endpoint(house: Any, **fields: Any) -> dict[str, Any]:
    from webhooks import endpoints
    from webhooks.signing import secret_of

    fields = {"send_for_all_actions": False, "actions": BRIEF} | fields
    hook = endpoints.create(actor=house.lead, project=house.project, **fields)
    return {"id": hook.pk, "secret": secret_of(hook)}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "devserver.settings")
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(json.dumps(furnish(json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
