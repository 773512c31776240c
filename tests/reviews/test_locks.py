"""Who may undo what, and which work a verdict locks."""

from functools import partial

import pytest

from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations
from tests import factories
from tests.factories import result, reviewed
from tests.reviews.steps import settings, undo
from tests.snapshots import refused


@pytest.mark.parametrize("who", ["annotator", "stranger"])
def test_only_reviewers_may_undo(house, who):
    decision = reviewed(house.annotation, house.reviewer)

    with refused("not_a_reviewer", 403):
        undo(house, decision, by=who)


def test_undo_not_your_review(house):
    decision = reviewed(house.annotation, house.reviewer)

    with refused("not_your_review", 403):
        undo(house, decision, by="reviewer2")


@pytest.mark.parametrize("who", ["reviewer", "lead", "admin"])
def test_undo_own_or_as_manager(house, who):
    decision = reviewed(house.annotation, house.reviewer)

    assert factories.undone(decision, getattr(house, who)).last_action == "deleted_review"
    factories.verdicts_checked()


def test_undo_superseded_is_not_standing(house):
    first = reviewed(house.annotation, house.reviewer)
    reviewed(house.annotation, house.reviewer, "rejected")

    with refused("not_standing"):
        undo(house, first)


def test_undo_outdated_is_not_standing(house):
    decision = reviewed(house.annotation, house.reviewer)
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.lead)

    with refused("not_standing"):
        undo(house, decision)


def test_reopen_twice(house):
    service = AnnotationReviewService(house.reviewer)
    service.reopen(house.annotation)

    with refused("already_reopened"):
        service.reopen(house.annotation)


def test_undo_reopen_of_what_is_not_open(house):
    with refused("not_reopened"):
        AnnotationReviewService(house.reviewer).undo_reopen(house.annotation)


EDITS = {
    "edit": lambda house: annotations.edit(
        house.annotation.pk, {"result": result("B")}, actor=house.annotator
    ),
    "skip": lambda house: annotations.edit(
        house.annotation.pk, {"was_cancelled": True}, actor=house.annotator
    ),
    "convert_to_draft": lambda house: annotations.convert_to_draft(
        house.annotation.pk, actor=house.annotator
    ),
    "delete": lambda house: annotations.delete(house.annotation.pk, actor=house.annotator),
}
DECIDED = {
    "accepted": {},
    "fixed_and_accepted": {},
    "removed": {"verdict": "rejected", "reject_action": "remove"},
    "redistributed": {"verdict": "rejected", "reject_action": "redistribute"},
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("decided", DECIDED)
def test_locked_by_verdict(house, decided, edit):
    settings(house, allowed_reject_actions=["requeue", "remove", "redistribute"])
    reviewed(house.annotation, house.reviewer, **({"verdict": decided} | DECIDED[decided]))

    with refused("locked_by_verdict", 403):
        EDITS[edit](house)


@pytest.mark.parametrize("edit", ["edit", "skip", "convert_to_draft"])
def test_requeue_opens_the_work_to_its_author(house, edit):
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")

    EDITS[edit](house)

    factories.verdicts_checked()
    assert Annotation.objects.get(pk=house.annotation.pk).standing_review_id is None


@pytest.mark.parametrize("who", ["annotator", "reviewer"])
def test_an_annotation_that_was_ever_reviewed_is_deleted_by_managers_only(house, who):
    factories.undone(reviewed(house.annotation, house.reviewer), house.reviewer)

    with refused("locked_by_verdict", 403):
        annotations.delete(house.annotation.pk, actor=getattr(house, who))
    annotations.delete(house.annotation.pk, actor=house.lead)
    factories.verdicts_checked()


def test_redistributed_author_may_not_annotate_the_task_again(house):
    settings(house, allowed_reject_actions=["requeue", "redistribute"])
    decision = reviewed(house.annotation, house.reviewer, "rejected", reject_action="redistribute")

    with refused("locked_by_verdict", 403):
        factories.annotation(house.task, house.annotator, "B")
    factories.undone(decision, house.reviewer)
    factories.annotation(house.task, house.annotator, "B")


def test_changes_that_make_no_version_are_not_locked(house):
    reviewed(house.annotation, house.reviewer)

    annotations.edit(house.annotation.pk, {"lead_time": 9.5, "result": result("A")}, actor=house.annotator)

    house.annotation.refresh_from_db()
    assert (house.annotation.last_action, house.annotation.lead_time) == ("accepted", 9.5)


@pytest.mark.parametrize("who", ["annotator2", "stranger"])
def test_somebody_elses_work_is_not_yours(house, who):
    for edit in (
        annotations.convert_to_draft,
        annotations.delete,
        partial(annotations.edit, changes={"result": result("B")}),
    ):
        with refused("not_yours", 403):
            edit(house.annotation.pk, actor=getattr(house, who))


def test_ground_truth_is_set_by_reviewers(house):
    with refused("ground_truth_not_allowed", 403):
        annotations.edit(house.annotation.pk, {"ground_truth": True}, actor=house.annotator)
    with refused("ground_truth_not_allowed", 403):
        factories.annotation(house.task, house.annotator, ground_truth=True)
    assert annotations.edit(house.annotation.pk, {"ground_truth": True}, actor=house.reviewer).ground_truth
