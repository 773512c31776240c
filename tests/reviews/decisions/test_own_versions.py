"""Whose work is it: own edits, fixes, and what "before" is."""

import pytest

from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.models import History
from tasks.services import annotations, members
from tests.factories import result, reviewed, undone, verdicts_checked
from tests.reviews.steps import now, patch

pytestmark = pytest.mark.usefixtures("adds_up")


def test_accepting_ones_own_edit_is_a_fix_of_the_annotators_version(house):
    first = house.annotation.current_version_id
    edited = patch(house, "B", house.reviewer)

    decision = reviewed(house.annotation, house.reviewer)

    assert (decision.review.verdict, decision.review.seen_version_id) == ("fixed_and_accepted", first)
    assert (decision.review.fixed_version_id, now(house).version) == (edited.current_version_id, 2)
    assert now(house).last_action == "fixed_and_accepted"


def test_before_is_the_annotators_last_version_also_when_somebody_edited_between(house):
    members.set_role(house.project, house.annotator2, "RE")
    reviewed(house.annotation, house.reviewer, "rejected")
    last = patch(house, "B", house.annotator).current_version_id
    patch(house, "C", house.reviewer2)
    patch(house, "A", house.reviewer)

    assert reviewed(house.annotation, house.reviewer).review.seen_version_id == last


def test_accepting_somebody_elses_edit_is_a_plain_accept(house):
    patch(house, "B", house.reviewer2)

    assert reviewed(house.annotation, house.reviewer).review.verdict == "accepted"


def test_accepting_an_own_edit_equal_to_the_annotators_version_is_a_plain_accept(house):
    patch(house, "B", house.reviewer)
    patch(house, "A", house.reviewer)

    assert reviewed(house.annotation, house.reviewer).review.verdict == "accepted"


def test_accepting_ones_own_edit_in_a_selection_is_a_fix_too(house):
    first = house.annotation.current_version_id
    patch(house, "B", house.reviewer)

    AnnotationReviewService(house.reviewer).accept_many([house.annotation])

    verdicts_checked()
    assert list(Review.objects.values_list("verdict", "seen_version_id")) == [("fixed_and_accepted", first)]


def test_before_of_a_fix_is_never_ones_own_version(house):
    first = house.annotation.current_version_id
    patch(house, "B", house.reviewer)
    one = reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("C")).review
    two = reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("B")).review

    assert (one.seen_version_id, two.seen_version_id) == (first, first)
    assert two.fixed_version_id == now(house).current_version_id


def test_undo_of_a_second_fix_restores_the_annotators_version(house):
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("B"))
    second = reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("C"))

    restored = undone(second, house.reviewer)

    assert (restored.result, restored.version_author, restored.version) == (result("A"), house.annotator, 4)
    assert reviewed(house.annotation, house.reviewer, "rejected").review.verdict == "rejected"


@pytest.mark.parametrize("by_edit", [False, True])
def test_undo_of_a_fix_restores_the_version_before_under_its_author(house, by_edit):
    if by_edit:
        patch(house, "B", house.reviewer)
        fix = reviewed(house.annotation, house.reviewer)
    else:
        fix = reviewed(house.annotation, house.reviewer, "fixed_and_accepted", result=result("B"))

    restored = undone(fix, house.reviewer)

    assert (restored.result, restored.version, restored.version_author) == (result("A"), 3, house.annotator)
    assert (restored.last_action, restored.last_created_by) == ("deleted_review", house.reviewer)
    row = History.objects.get(pk=restored.current_version_id)
    assert (row.action, row.author, row.created_by, row.number) == (
        "deleted_review",
        house.annotator,
        house.reviewer,
        3,
    )
    assert reviewed(house.annotation, house.reviewer).review.verdict == "accepted"


def test_undo_of_a_fix_of_skipped_work_is_skipped_again(house):
    annotations.edit(house.annotation.pk, {"was_cancelled": True, "result": []}, actor=house.annotator)
    annotations.edit(
        house.annotation.pk, {"was_cancelled": False, "result": result("B")}, actor=house.reviewer
    )
    fix = reviewed(house.annotation, house.reviewer)

    restored = undone(fix, house.reviewer)

    assert (fix.review.verdict, restored.was_cancelled, restored.result) == ("fixed_and_accepted", True, [])
