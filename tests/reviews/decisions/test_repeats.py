"""What is a repeat, and what supersedes."""

import pytest

from reviews import events
from reviews.models import Review
from tasks.models import Task
from tasks.services import projects
from tests.factories import result, reviewed, undone
from tests.reviews.steps import kinds, now, states
from tests.snapshots import everything

pytestmark = pytest.mark.usefixtures("adds_up")

REPEATS = [
    ("accepted", {}, {}),
    ("accepted", {"comment": "Fine"}, {"comment": "  Fine\n"}),
    ("accepted", {"comment": " Fine "}, {}),
    ("rejected", {}, {"reject_action": "requeue"}),
    ("rejected", {"reject_action": "requeue", "comment": "No"}, {}),
    ("rejected", {"reject_action": "remove"}, {"reject_action": "remove"}),
    ("rejected", {"reason": "blurry"}, {}),
    ("fixed_and_accepted", {}, {}),
    (
        "fixed_and_accepted",
        {"result": result("B")},
        {"result": [result("B")[0] | {"origin": "manual-changed"}]},
    ),
]


@pytest.mark.parametrize(("verdict", "first", "again"), REPEATS)
def test_a_repeat_returns_the_standing_review_and_emits_nothing(house, emitted, verdict, first, again):
    projects.update(
        house.project, {"reject_reasons": [{"code": "blurry", "text": "Blurred"}]}, actor=house.lead
    )
    standing = reviewed(house.annotation, house.reviewer, verdict, **first)
    before = everything()
    emitted.clear()

    repeated = reviewed(house.annotation, house.reviewer, verdict, **again)

    assert (repeated.review, repeated.repeated, kinds(emitted)) == (standing.review, True, [])
    assert everything() == before


DIFFERENT = [
    ("accepted", {"comment": "Fine"}, "accepted", {"comment": "Very fine"}),
    ("accepted", {}, "accepted", {"comment": "Fine"}),
    ("accepted", {}, "rejected", {}),
    ("rejected", {}, "accepted", {}),
    ("rejected", {"reject_action": "remove"}, "rejected", {"reject_action": "requeue"}),
    ("rejected", {"reject_action": "remove"}, "rejected", {}),
    ("rejected", {}, "rejected", {"reason": "blurry"}),
    ("accepted", {}, "fixed_and_accepted", {}),
    ("fixed_and_accepted", {"result": result("B")}, "fixed_and_accepted", {"result": result("C")}),
]


@pytest.mark.parametrize(("verdict", "first", "then", "again"), DIFFERENT)
def test_anything_else_is_a_new_review_that_supersedes(house, emitted, verdict, first, then, again):
    projects.update(
        house.project, {"reject_reasons": [{"code": "blurry", "text": "Blurred"}]}, actor=house.lead
    )
    old = reviewed(house.annotation, house.reviewer, verdict, **first).review
    emitted.clear()

    new = reviewed(house.annotation, house.reviewer, then, **again).review

    assert states() == [(verdict, "superseded"), (then, "standing")]
    assert Review.objects.get(pk=old.pk).superseded_by == new
    assert kinds(emitted).count(events.REVIEWS_CREATED) == 1
    assert events.REVIEW_WITHDRAWN not in kinds(emitted)


def test_the_same_verdict_by_somebody_else_supersedes(house):
    reviewed(house.annotation, house.reviewer)
    reviewed(house.annotation, house.reviewer2)

    assert states() == [("accepted", "superseded"), ("accepted", "standing")]
    assert now(house).last_created_by == house.reviewer2


def test_accept_reject_accept_by_one_person_ends_accepted(house):
    for verdict in ("accepted", "rejected", "accepted"):
        reviewed(house.annotation, house.reviewer, verdict)

    assert states() == [("accepted", "superseded"), ("rejected", "superseded"), ("accepted", "standing")]
    assert now(house).last_action == "accepted"


def test_accept_undo_accept_makes_a_new_review(house):
    first = reviewed(house.annotation, house.reviewer)
    undone(first, house.reviewer)
    second = reviewed(house.annotation, house.reviewer)

    assert second.review != first.review
    assert states() == [("accepted", "undone"), ("accepted", "standing")]


def test_a_changed_outcome_is_counted_once(house):
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="remove")
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")

    assert Task.objects.get(pk=house.task.pk).reviews_rejected == 1
    assert now(house).returned_to == house.annotator


def test_an_accept_repeated_after_an_own_fix_is_that_fix(house):
    fix = reviewed(house.annotation, house.reviewer, "fixed_and_accepted")

    assert reviewed(house.annotation, house.reviewer).review == fix.review


def test_a_second_undo_changes_nothing(house, emitted):
    decision = reviewed(house.annotation, house.reviewer)
    undone(decision, house.reviewer)
    before = everything()
    emitted.clear()

    undone(decision, house.lead)

    assert (everything(), emitted) == (before, [])


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("accepted", [events.REVIEWS_CREATED, events.TASK_REVIEWED]),
        ("rejected", [events.REVIEWS_CREATED]),
        ("fixed_and_accepted", [events.REVIEWS_CREATED, events.TASK_REVIEWED]),
    ],
)
def test_one_decision_emits_each_kind_of_event_once(house, emitted, verdict, expected):
    emitted.clear()

    decision = reviewed(house.annotation, house.reviewer, verdict)

    assert kinds(emitted) == expected
    assert emitted[0].subjects == (decision.review,)
