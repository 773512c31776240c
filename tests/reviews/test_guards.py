"""Who may decide, and when: each guard refuses with its code and changes nothing."""

import pytest

from tasks.services import annotations, assignments, members, projects, tasks
from tests import factories
from tests.factories import result, reviewed
from tests.reviews.steps import decide, now, settings
from tests.snapshots import refused


@pytest.mark.parametrize("who", ["annotator", "annotator2", "stranger"])
def test_not_a_reviewer(house, move, who):
    with refused("not_a_reviewer", 403):
        move(by=who)


def test_own_annotation_of_its_author(house, move):
    members.set_role(house.project, house.annotator, "RE")

    with refused("own_annotation", 403):
        move(by="annotator")


def test_own_annotation_for_the_person_who_sent_it(house, move):
    house.annotation = factories.annotation(house.task, house.lead, completed_by=house.annotator2)

    with refused("own_annotation", 403):
        move(by="lead")


def test_own_annotation_for_the_person_it_was_sent_for(house, move):
    house.annotation = factories.annotation(house.task, house.lead, completed_by=house.reviewer)

    with refused("own_annotation", 403):
        move()


@pytest.mark.parametrize("who", ["lead", "admin"])
def test_own_annotation_binds_managers_too(house, move, who):
    house.annotation = factories.annotation(house.task, getattr(house, who))

    with refused("own_annotation", 403):
        move(by=who)


def test_allow_self_review_opens_own_annotations(house, move):
    settings(house, allow_self_review=True)
    house.annotation = factories.annotation(house.task, house.reviewer)

    move()


def test_own_version_cannot_be_rejected(house):
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.reviewer)

    with refused("own_annotation", 403):
        decide(house, "reject")


def test_own_fix_must_be_undone_before_rejecting(house):
    fix = reviewed(house.annotation, house.reviewer, "fixed_and_accepted")

    with refused("own_annotation", 403):
        decide(house, "reject")
    factories.undone(fix, house.reviewer)
    assert decide(house, "reject").review.verdict == "rejected"


def test_workflow_disabled(house, move):
    settings(house, enable_review_workflow=False)

    with refused("workflow_disabled"):
        move()


def test_not_submitted(house, move):
    annotations.convert_to_draft(house.annotation.pk, actor=house.annotator)

    with refused("not_submitted"):
        move()


@pytest.mark.parametrize("verdict", ["accept", "reject", "fix_and_accept"])
def test_skipped(house, verdict):
    annotations.edit(house.annotation.pk, {"was_cancelled": True}, actor=house.annotator)

    with refused("skipped"):
        decide(house, verdict)


def test_a_skipped_annotation_can_be_reopened(house):
    annotations.edit(house.annotation.pk, {"was_cancelled": True}, actor=house.annotator)

    decide(house, "reopen")

    assert now(house).returned_to == house.annotator


def test_task_not_finished(house, move):
    settings(house, only_finished_tasks=True, maximum_annotations=2)

    with refused("task_not_finished"):
        move()
    move(by="lead")


def test_task_finished_by_the_second_annotator_enters_review(house):
    settings(house, only_finished_tasks=True, maximum_annotations=2)
    factories.annotation(house.task, house.annotator2)

    assert decide(house, "accept").review.verdict == "accepted"


def test_not_assigned(house, move):
    settings(house, review_only_manual_assignments=True)
    assignments.assign([house.task], [house.reviewer], "AN")  # to annotate, not to review
    assignments.assign([house.task], [house.reviewer2], "RE")

    with refused("not_assigned", 403):
        move()
    move(by="reviewer2")


def test_not_assigned_does_not_bind_managers(house, move):
    settings(house, review_only_manual_assignments=True)

    move(by="lead")


@pytest.mark.parametrize("gone", ["annotation", "task", "project"])
def test_deleted_work_is_not_found(house, move, gone):
    if gone == "annotation":
        annotations.delete(house.annotation.pk, actor=house.annotator)
    elif gone == "task":
        tasks.delete_many(house.project, [house.task.pk], actor=house.lead)
    else:
        projects.delete(house.project, actor=house.lead)

    with refused("not_found", 404):
        move()
