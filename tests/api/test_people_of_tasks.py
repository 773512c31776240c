"""`annotators` and `reviewers` of a task: who did what, with the verdict."""

import pytest

from tasks.choices import AssignmentType
from tasks.services.assignments import assign
from tests.factories import annotation, client_of, reviewed


def people_of(house, on, who) -> dict:
    body = client_of(who).get(f"/api/tasks/{on.pk}/").json()
    return {name: body[name] for name in ("annotators", "reviewers")}


@pytest.mark.parametrize(
    "verdict, word", [("accepted", "accepted"), ("rejected", "rejected"), ("fixed_and_accepted", "fixed")]
)
def test_verdict_is_named_for_the_annotator_and_for_the_reviewer(house, verdict, word):
    reviewed(house.annotation, house.reviewer, verdict)

    assert people_of(house, house.task, house.lead) == {
        "annotators": [
            {"user_id": house.annotator.pk, "annotated": True, "reviewed": True, "review": word},
        ],
        "reviewers": [
            {"user_id": house.reviewer.pk, "annotated": False, "reviewed": True, "review": word},
        ],
    }


def test_reviewer_who_annotated_too_is_listed_as_both(house):
    theirs = annotation(house.task, house.reviewer)
    reviewed(house.annotation, house.reviewer)
    reviewed(theirs, house.reviewer2, "rejected", reject_action="remove")

    assert people_of(house, house.task, house.lead)["reviewers"] == [
        {"user_id": house.reviewer.pk, "annotated": True, "reviewed": True, "review": "accepted"},
        {"user_id": house.reviewer2.pk, "annotated": False, "reviewed": True, "review": "rejected"},
    ]


def test_assigned_reviewer_has_no_verdict_yet(house):
    assign([house.task], [house.reviewer], AssignmentType.REVIEWER)

    assert people_of(house, house.task, house.lead)["reviewers"] == [
        {"user_id": house.reviewer.pk, "annotated": False, "reviewed": False, "review": None}
    ]
