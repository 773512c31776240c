"""Undoing verdicts, and returning work without one."""

import pytest

from reviews.service import AnnotationReviewService
from tasks.models import Task
from tasks.services import projects
from tests import factories
from tests.factories import reviewed, undone, verdicts_checked
from tests.reviews.steps import now, patch, states

pytestmark = pytest.mark.usefixtures("adds_up")


def test_undo_restores_no_older_verdict(house):
    reviewed(house.annotation, house.reviewer)
    second = reviewed(house.annotation, house.reviewer2, "rejected")

    restored = undone(second, house.reviewer2)

    assert (restored.last_action, restored.standing_review_id) == ("deleted_review", None)
    assert states() == [("accepted", "superseded"), ("rejected", "undone")]


def redistribute(house):
    projects.update(house.project, {"allowed_reject_actions": ["requeue", "redistribute"]}, actor=house.lead)
    return reviewed(house.annotation, house.reviewer, "rejected", reject_action="redistribute")


def test_undo_of_a_redistribute_withdraws_the_extra_slot(house):
    decision = redistribute(house)
    open_slot = Task.objects.get(pk=house.task.pk).is_labeled

    restored = undone(decision, house.reviewer)

    assert (open_slot, Task.objects.get(pk=house.task.pk).is_labeled) == (False, True)
    assert not restored.redistributed
    assert patch(house, "B", house.annotator).version == 2


def test_undo_of_a_redistribute_keeps_the_work_of_a_substitute(house):
    decision = redistribute(house)
    factories.annotation(house.task, house.annotator2)

    undone(decision, house.reviewer)

    task = Task.objects.get(pk=house.task.pk)
    assert (task.total_annotations, task.is_labeled) == (2, True)


def test_a_requeued_annotation_comes_back_reviewable(house):
    reviewed(house.annotation, house.reviewer, "rejected")
    returned = now(house)

    patch(house, "B", house.annotator)

    after = now(house)
    assert (returned.returned_to, returned.returned_at is not None) == (house.annotator, True)
    assert (after.last_action, after.returned_at, after.returned_to) == ("updated", None, None)
    assert reviewed(house.annotation, house.reviewer).review.verdict == "accepted"


@pytest.mark.parametrize("to", ["author", "anyone"])
@pytest.mark.parametrize("verdict", [None, "accepted", "fixed_and_accepted"])
def test_reopen_returns_work_without_a_verdict_and_is_undone(house, verdict, to):
    if verdict:
        reviewed(house.annotation, house.reviewer2, verdict)
    service = AnnotationReviewService(house.reviewer)

    service.reopen(house.annotation, to=to, comment="The guideline changed")
    opened = now(house)
    service.undo_reopen(house.annotation)
    closed = now(house)

    verdicts_checked()
    assert (opened.last_action, opened.standing_review_id) == ("updated", None)
    assert opened.returned_at is not None
    assert opened.returned_to == (house.annotator if to == "author" else None)
    assert (closed.last_action, closed.returned_at, closed.returned_to) == ("updated", None, None)
    assert Task.objects.get(pk=house.task.pk).comment_count == 1


def test_a_reopened_annotation_is_open_to_its_author(house):
    reviewed(house.annotation, house.reviewer)
    AnnotationReviewService(house.reviewer).reopen(house.annotation)

    assert patch(house, "B", house.annotator).version == 2
    assert now(house).returned_at is None


def test_a_reopened_annotation_may_be_decided_at_once(house):
    AnnotationReviewService(house.reviewer).reopen(house.annotation)

    reviewed(house.annotation, house.reviewer2)

    assert (now(house).last_action, now(house).returned_at) == ("accepted", None)
