"""A task with an error refuses the whole file, and the error names the task and the field."""

import json
from copy import deepcopy
from typing import Any

import pytest

from tasks.errors import Refused
from tasks.models import Import, Task
from tests.exchange.importing.files import UUIDS, answer, load, review, task_of
from users.models import User

pytestmark = pytest.mark.django_db

GOOD = task_of(answer(reviews=[review()], unique_id=UUIDS[1]), predictions=[{"result": []}])


def broken(path: list[Any], value: Any) -> list[dict]:
    """Three tasks, the second of which has `value` at `path`."""
    bad = deepcopy(GOOD)
    at: Any = bad
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return [task_of(), bad, task_of()]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["data"], "text", "task 2: data: must be an object, not 'text'."),
        (["annotations"], {}, "task 2: annotations: must be a list, not an object."),
        (["annotations", 0], 7, "task 2: annotations[0]: must be an object, not 7."),
        (
            ["annotations", 0, "completed_by"],
            "me",
            "task 2: annotations[0].completed_by: must be an e-mail, not 'me'.",
        ),
        (
            ["annotations", 0, "completed_by"],
            True,
            'task 2: annotations[0].completed_by: must be an id, an e-mail or {"email": …}, not true.',
        ),
        (
            ["annotations", 0, "completed_by"],
            {"email": 4},
            "task 2: annotations[0].completed_by.email: must be a text, not 4.",
        ),
        (["annotations", 0, "result"], "A", "task 2: annotations[0].result: must be a list, not 'A'."),
        (
            ["annotations", 0, "result", 0],
            5,
            "task 2: annotations[0].result[0]: must be a region (an object).",
        ),
        (
            ["annotations", 0, "was_cancelled"],
            "maybe",
            "task 2: annotations[0].was_cancelled: must be true or false, not 'maybe'.",
        ),
        (
            ["annotations", 0, "lead_time"],
            "long",
            "task 2: annotations[0].lead_time: must be a number, not 'long'.",
        ),
        (
            ["annotations", 0, "unique_id"],
            " ",
            "task 2: annotations[0].unique_id: must be a UUID or another short text, not ' '.",
        ),
        (["predictions", 0], {"score": 0.5}, "task 2: predictions[0].result: is missing."),
        (
            ["annotations", 0, "created_at"],
            "x",
            "task 2: annotations[0].created_at: must be a time as 2026-01-31T12:00:00Z, not 'x'.",
        ),
        (
            ["annotations", 0, "reviews", 0, "accepted"],
            2,
            "task 2: annotations[0].reviews[0].accepted: must be true or false, not 2.",
        ),
        (["annotations", 0, "reviews", 0, "created_by"], 1.5, None),
        (["annotations", 0, "reviews", 0, "verdict"], "good", None),
        (["predictions", 0, "score"], "high", "task 2: predictions[0].score: must be a number, not 'high'."),
        (["predictions", 0], "v1", "task 2: predictions[0]: must be an object, not 'v1'."),
        (["data", "text"], "\x00", None),
        (["data", "text"], "\ud800", None),
        (["data", "text"], float("nan"), None),
        (["data", "text"], float("inf"), None),
        (["data", "text"], json.loads("[" * 100 + "]" * 100), "task 2: nested deeper than 64 levels."),
        (["data", "text"], 10**500, None),
        (["external_id"], "x" * 256, "task 2: external_id: must be at most 255 characters long."),
    ],
)
def test_one_bad_task_is_named_and_nothing_imported(project, path, value, words):
    with pytest.raises(Refused) as refused:
        load(broken(path, value), project)

    assert refused.value.status == 400
    assert (
        refused.value.detail == words
        if words
        else refused.value.detail.startswith("task 2: ") or "task 2: " in refused.value.detail
    )
    assert (
        not Task.objects.exists()
        and not Import.objects.exists()
        and not User.objects.filter(is_placeholder=True).exists()
    )
