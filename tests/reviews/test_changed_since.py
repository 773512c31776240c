"""What has changed in an annotation since its last verdict."""

import pytest

from reviews.changed_since import Since, changed_since
from reviews.service import AnnotationReviewService
from tasks.diff import Operation
from tasks.services import annotations, tasks
from tests.factories import result, reviewed, undone
from tests.reviews.steps import now, patch
from tests.snapshots import refused

A_TO_B = Operation("relabelled", control="letter", label_from="A", label_to="B", before=["A"], after=["B"])


def test_an_unreviewed_annotation_has_no_since(house):
    assert changed_since(now(house)) == Since(None, house.annotation.current_version_id, outdated=False)


@pytest.mark.parametrize("verdict", ["accepted", "rejected", "fixed_and_accepted"])
def test_a_standing_verdict_is_not_outdated(house, verdict):
    review = reviewed(house.annotation, house.reviewer, verdict).review

    assert changed_since(now(house)) == Since(review.stands_on_id, review.stands_on_id, outdated=False)


def test_an_edit_outdates_the_verdict_and_is_what_changed(house):
    review = reviewed(house.annotation, house.reviewer, "rejected").review

    edited = patch(house, "B", by=house.annotator)

    assert changed_since(now(house)) == Since(
        review.seen_version_id, edited.current_version_id, True, [A_TO_B]
    )


def test_after_a_fix_changes_are_relative_to_the_fixed_version(house):
    review = reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("C")).review

    patch(house, "B", by=house.lead)

    found = changed_since(now(house))
    assert (found.since, [op.sentence for op in found.changes]) == (review.fixed_version_id, ["C → B"])


def test_an_undone_verdict_is_ignored(house):
    first = reviewed(house.annotation, house.reviewer, "rejected").review
    patch(house, "B", by=house.annotator)
    undone(reviewed(now(house), house.reviewer2), house.reviewer2)

    assert changed_since(now(house)) == Since(
        first.seen_version_id, now(house).current_version_id, True, [A_TO_B]
    )


def test_changes_back_and_forth_are_none(house):
    reviewed(house.annotation, house.reviewer, "rejected")
    for label in "BA":
        patch(house, label, by=house.annotator)

    found = changed_since(now(house))
    assert (found.outdated, found.changes) == (True, [])


def test_a_skip_is_a_change(house):
    reviewed(house.annotation, house.reviewer, "rejected")

    annotations.edit(house.annotation.pk, {"was_cancelled": True}, actor=house.annotator)

    assert [op.sentence for op in changed_since(now(house)).changes] == ["skipped: no → yes"]


@pytest.mark.parametrize(
    "move",
    [
        lambda h: AnnotationReviewService(h.reviewer).reopen(h.annotation),
        lambda h: tasks.update(h.task.pk, {"data": {"text": "New"}}, actor=h.lead),
    ],
    ids=["reopened", "data changed"],
)
def test_what_is_outdated_without_another_version_has_no_changes(house, move):
    reviewed(house.annotation, house.reviewer)

    move(house)

    found = changed_since(now(house))
    assert (found.outdated, found.changes, found.since) == (True, [], found.now)


def test_since_may_be_any_row_of_the_history(house):
    first = house.annotation.current_version_id
    patch(house, "B", by=house.annotator)
    patch(house, "C", by=house.annotator)

    assert [op.sentence for op in changed_since(now(house), first).changes] == ["A → C"]
    with refused("unknown_version"):
        changed_since(now(house), 10**9)
