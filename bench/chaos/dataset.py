"""Migrates and fills the database of a trial.

`python -m bench.chaos.dataset SPEC` prints JSON: the tokens of the lead and of two reviewers, the ids of the
annotations, the ids and secrets of the endpoints.
SPEC: `{"annotations": n, "endpoints": [{"url", "parallel", …}]}`.
"""

import io
import json
from typing import TYPE_CHECKING, Any

from bench.dataset import run, waiting_annotations

if TYPE_CHECKING:
    from tests.factories import House

# One event for each decision.
VERDICTS = ["ANNOTATION_ACCEPTED", "ANNOTATION_REJECTED", "ANNOTATION_FIXED_AND_ACCEPTED"]


def fill(spec: dict[str, Any]) -> dict[str, Any]:
    from tests.factories import build_house
    from users.models import ApiToken

    house = build_house()
    people = {"lead": house.lead, "reviewer": house.reviewer, "reviewer2": house.reviewer2}
    return {
        "tokens": {name: ApiToken.issue(person, name="chaos")[1] for name, person in people.items()},
        "annotations": _annotations(house, spec["annotations"]),
        "endpoints": [_endpoint(house, **fields) for fields in spec["endpoints"]],
    }


def _annotations(house: "House", count: int) -> list[int]:
    """All by the annotator. One file is a hundred times as fast as one request for each."""
    from exchange.importing.importer import import_file
    from tests.factories import result

    work = {"result": result(), "completed_by": {"email": house.annotator.email}}
    file = json.dumps(
        [{"data": {"text": f"Letter {number}"}, "annotations": [work]} for number in range(count)]
    )
    import_file(house.project, io.BytesIO(file.encode()), actor=house.lead)
    return waiting_annotations(house)


def _endpoint(house: "House", **fields: Any) -> dict[str, Any]:
    from webhooks import endpoints
    from webhooks.signing import secret_of

    fields = {"send_for_all_actions": False, "actions": VERDICTS} | fields
    hook = endpoints.create(actor=house.lead, project=house.project, **fields)
    return {"id": hook.pk, "secret": secret_of(hook)}


if __name__ == "__main__":
    run(fill)
