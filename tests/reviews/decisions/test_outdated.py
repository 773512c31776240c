"""When a review stops standing, and when it keeps standing."""

import pytest

from reviews import events
from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks import events as task_events
from tasks.models import History, Task
from tasks.services import annotations, tasks
from tests import factories
from tests.factories import result, reviewed, verdicts_checked
from tests.reviews.steps import kinds, now, states
from tests.snapshots import refused

pytestmark = pytest.mark.usefixtures("adds_up")


def test_a_review_stands_on_the_version_it_saw_or_made(house):
    first = house.annotation.current_version_id
    accept = reviewed(house.annotation, house.reviewer).review
    fix = reviewed(house.annotation, house.reviewer2, "fixed_and_accepted").review

    assert (accept.seen_version_id, accept.fixed_version_id, accept.stands_on_id) == (first, None, first)
    assert (fix.seen_version_id, fix.fixed_version_id) == (first, now(house).current_version_id)
    assert fix.stands_on_id == fix.fixed_version_id != first


MOVES = {
    "edited": lambda h: annotations.edit(h.annotation.pk, {"result": result("B")}, actor=h.lead),
    "skipped": lambda h: annotations.edit(h.annotation.pk, {"was_cancelled": True}, actor=h.lead),
    "deleted": lambda h: annotations.delete(h.annotation.pk, actor=h.lead),
    "data_changed": lambda h: tasks.update(h.task.pk, {"data": {"text": "New"}}, actor=h.lead),
    "reopened": lambda h: AnnotationReviewService(h.reviewer2).reopen(h.annotation),
    "undone": lambda h: AnnotationReviewService(h.lead).undo(Review.objects.latest("id")),
}


@pytest.mark.parametrize("reason", MOVES)
@pytest.mark.parametrize("verdict", ["accepted", "rejected", "fixed_and_accepted"])
def test_a_review_that_stops_standing_is_withdrawn(house, emitted, verdict, reason):
    review = reviewed(house.annotation, house.reviewer, verdict).review
    was_reviewed = Task.objects.get(pk=house.task.pk).reviewed
    emitted.clear()

    MOVES[reason](house)
    verdicts_checked()

    withdrawn = [event for event in emitted if event.kind == events.REVIEW_WITHDRAWN]
    assert [(event.subjects, event.detail["reason"]) for event in withdrawn] == [((review,), reason)]
    assert (events.TASK_UNREVIEWED in kinds(emitted)) == was_reviewed
    assert states() == [(verdict, "undone" if reason == "undone" else "outdated")]
    assert (now(house).standing_review_id, Task.objects.get(pk=house.task.pk).reviewed) == (None, False)


def test_a_change_without_another_meaning_keeps_the_review(house, emitted):
    review = reviewed(house.annotation, house.reviewer).review
    seq, heard_before = now(house).annotation_seq, emitted.clear()

    noise = [dict(reversed(result("A")[0].items())) | {"origin": "prediction"}]
    for changes in (
        {"lead_time": 4.5},
        {"ground_truth": True},
        {"result": noise},
        {"was_cancelled": False},
        {},
    ):
        annotations.edit(house.annotation.pk, changes, actor=house.reviewer)

    after = now(house)
    assert (after.last_action, after.standing_review_id, after.version) == ("accepted", review.pk, 1)
    assert (after.annotation_seq, after.result) == (seq + 5, result("A"))
    assert (set(kinds(emitted)), heard_before) == ({task_events.ANNOTATION_TOUCHED}, None)


def test_new_data_of_an_annotated_task_needs_a_manager_and_keeps_the_old(house):
    with refused("task_is_annotated", 403):
        tasks.update(house.task.pk, {"data": {"text": "New"}}, actor=house.reviewer)

    tasks.update(house.task.pk, {"data": {"text": "New"}}, actor=house.lead)

    row = History.objects.latest("id")
    assert (row.action, row.details, now(house).last_action) == (
        "data_changed",
        {"data": {"text": "A letter"}},
        "updated",
    )


def test_the_same_data_is_no_change(house):
    reviewed(house.annotation, house.reviewer)

    tasks.update(house.task.pk, {"data": {"text": "A letter"}, "meta": {"seen": 1}}, actor=house.reviewer)

    assert states() == [("accepted", "standing")]


def test_data_of_an_unannotated_task_can_be_changed(house):
    blank = factories.task(house.project)

    assert tasks.update(blank.pk, {"data": {"text": "New"}}, actor=house.reviewer).data == {"text": "New"}


def test_counters_count_fixed_as_accepted(house):
    reviewed(factories.annotation(house.task, house.annotator2), house.reviewer, "rejected")
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted")

    task = Task.objects.get(pk=house.task.pk)
    assert (task.reviews_accepted, task.reviews_rejected, task.reviewed) == (1, 1, True)
    assert [row.user for row in task.reviewed_by.all()] == [house.reviewer]
