"""What a reviewer gets next, in which order, and the reasons for getting nothing."""

import pytest

from reviews.models import QueueEntry
from reviews.queue import entries
from reviews.queue.drawing import QueueRequest, draw, remaining
from reviews.queue.reasons import before_drawing, why_empty
from reviews.service import AnnotationReviewService
from tasks.choices import AssignmentType
from tasks.models import Membership, Task
from tasks.services import annotations, assignments, projects
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import annotation, result, reviewed, skipped, task


def queue_request(house, who=None, **wanted) -> QueueRequest:
    house.project.refresh_from_db()
    return QueueRequest(house.project, who or house.reviewer, **wanted)


def drawn(house, who=None, **wanted) -> int | None:
    lease = draw(queue_request(house, who, **wanted))
    return lease.annotation_id if lease else None


def queue_of(one) -> str | None:
    return QueueEntry.objects.filter(annotation=one).values_list("queue", flat=True).first()


def all_in_order(house) -> list[int]:
    """Drawn by as many people, each keeping what they got."""
    got = []
    while (pk := drawn(house, factories.member(house.project, "RE", f"order-{len(got)}"))) is not None:
        got.append(pk)
    return got


# --- what is in the queue ---------------------------------------------------------------------------


def test_submitted_work_waits_for_review(house):
    assert queue_of(house.annotation) == "review"


def test_skipped_work_and_drafts_do_not_wait(house):
    other = skipped(task(house.project), house.annotator)
    annotations.convert_to_draft(house.annotation.pk, actor=house.annotator)

    assert (queue_of(other), queue_of(house.annotation)) == (None, None)


@pytest.mark.parametrize(
    ("verdict", "asked", "queue"),
    [
        ("accepted", {}, None),
        ("fixed_and_accepted", {}, None),
        ("rejected", {"reject_action": "requeue"}, "rejected"),
        ("rejected", {"reject_action": "remove"}, "rejected"),
    ],
)
def test_decided_work_leaves_the_queue(house, verdict, asked, queue):
    decision = reviewed(house.annotation, house.reviewer, verdict, **asked)
    assert queue_of(house.annotation) == queue

    factories.undone(decision, house.reviewer)
    assert queue_of(house.annotation) == "review"


def test_reworked_work_waits_again_and_is_marked(house):
    reviewed(house.annotation, house.reviewer, "rejected")
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    entry = QueueEntry.objects.get(annotation=house.annotation)
    assert (entry.queue, entry.reworked) == ("review", True)


def test_reopened_work_waits_for_its_author_only(house):
    AnnotationReviewService(house.reviewer).reopen(house.annotation)

    assert queue_of(house.annotation) is None


def test_deleted_tasks_leave_the_queue(house):
    task_service.delete_many(house.project, [house.task.pk], actor=house.lead)

    assert not QueueEntry.objects.exists()


@pytest.mark.parametrize(
    ("setting", "off", "on"), [("enable_review_workflow", False, True), ("only_finished_tasks", True, False)]
)
def test_settings_empty_and_refill_the_queue(house, setting, off, on):
    projects.update(house.project, {"maximum_annotations": 2}, actor=house.lead)
    projects.update(house.project, {setting: off}, actor=house.lead)
    before = queue_of(house.annotation)
    projects.update(house.project, {setting: on}, actor=house.lead)

    assert (before, queue_of(house.annotation)) == (None, "review")


def test_only_finished_tasks_wait_until_the_last_annotation(house):
    projects.update(house.project, {"maximum_annotations": 2, "only_finished_tasks": True}, actor=house.lead)
    before = drawn(house), why_empty(queue_request(house)).code
    annotation(house.task, house.annotator2)

    assert (before, drawn(house)) == ((None, "not_finished_yet"), house.annotation.pk)


def test_work_submitted_for_somebody_else_is_their_work(house):
    annotations.edit(house.annotation.pk, {"completed_by": house.reviewer}, actor=house.lead)

    assert QueueEntry.objects.get().completed_by == house.reviewer
    assert (drawn(house), drawn(house, house.reviewer2)) == (None, house.annotation.pk)


# --- in which order ---------------------------------------------------------------------------------


@pytest.fixture
def five(house):
    """Four more: of annotator2, reworked, with a low and with a high prediction score."""
    of_other = annotation(task(house.project), house.annotator2)
    reworked = annotation(task(house.project), house.annotator2)
    reviewed(reworked, house.reviewer, "rejected")
    annotations.edit(reworked.pk, {"result": result("B")}, actor=house.annotator2)
    scored = [annotation(task(house.project), house.annotator) for _ in range(2)]
    for one, score in zip(scored, (0.9, 0.1), strict=True):
        task_service.save_prediction(one.task, actor=house.lead, result=[], score=score)
        task_service.save_prediction(one.task, actor=house.lead, result=[], score=score + 0.05)
    return {
        "first": house.annotation.pk,
        "other": of_other.pk,
        "reworked": reworked.pk,
        "high": scored[0].pk,
        "low": scored[1].pk,
    }


@pytest.mark.parametrize(
    ("sampling", "order"),
    [
        ("task_id", ["first", "other", "reworked", "high", "low"]),
        ("by_annotator", ["first", "high", "low", "other", "reworked"]),
        ("reworked_first", ["reworked", "first", "other", "high", "low"]),
        ("lowest_score", ["low", "high", "first", "other", "reworked"]),
    ],
)
def test_items_are_drawn_in_the_order_of_the_project(house, five, sampling, order):
    projects.update(house.project, {"sampling": sampling}, actor=house.lead)

    assert all_in_order(house) == [five[name] for name in order]


def test_random_order_is_that_of_the_seed(house, five):
    projects.update(house.project, {"sampling": "random"}, actor=house.lead)
    by_shuffle = list(QueueEntry.objects.order_by("shuffle").values_list("annotation", flat=True))

    assert all_in_order(house) == by_shuffle


def test_a_changed_score_moves_the_item(house, five):
    task_service.delete_predictions(
        house.project, Task.objects.values_list("pk", flat=True), actor=house.lead
    )

    assert set(QueueEntry.objects.values_list("lowest_score", flat=True)) == {None}


# --- for whom ---------------------------------------------------------------------------------------


def test_own_work_is_left_out_unless_the_project_allows_it(house):
    mine = annotation(task(house.project), house.reviewer)
    reviewed(house.annotation, house.reviewer2)

    assert (drawn(house), why_empty(queue_request(house)).code) == (None, "only_own_work")
    projects.update(house.project, {"allow_self_review": True}, actor=house.lead)
    assert drawn(house) == mine.pk


def test_own_disputes_are_left_out_even_if_self_review_is_allowed(house):
    mine = annotation(task(house.project), house.reviewer)
    reviewed(house.annotation, house.reviewer2)
    reviewed(mine, house.reviewer2, "rejected")
    AnnotationReviewService(house.reviewer).contest(mine, reason="It is an A")
    projects.update(house.project, {"allow_self_review": True}, actor=house.lead)

    assert (drawn(house), why_empty(queue_request(house)).code) == (None, "only_own_work")
    assert drawn(house, house.lead) == mine.pk


def test_assigned_only_gives_assigned_tasks_and_managers_everything(house):
    projects.update(house.project, {"review_only_manual_assignments": True}, actor=house.lead)
    assert (drawn(house), why_empty(queue_request(house)).code, drawn(house, house.lead)) == (
        None,
        "nothing_assigned",
        house.annotation.pk,
    )

    second = annotation(task(house.project), house.annotator)
    assignments.assign([second.task], [house.reviewer], AssignmentType.REVIEWER)
    assert (drawn(house), remaining(queue_request(house))) == (second.pk, 1)


def test_the_rejected_queue_must_be_requested(house):
    reviewed(house.annotation, house.reviewer2, "rejected")

    assert (drawn(house), drawn(house, queue="rejected")) == (None, house.annotation.pk)


def test_a_task_can_be_requested(house, five):
    last = Task.objects.get(annotations=five["low"])

    assert drawn(house, task_id=last.pk) == five["low"]


def test_skipped_items_are_not_drawn(house, five):
    skipped = (five["first"], five["other"])
    assert drawn(house, skipped_ids=skipped) == five["reworked"]

    everything = queue_request(house, skipped_ids=tuple(five.values()))
    assert (draw(everything), why_empty(everything).code) == (None, "put_aside")


def test_disputes_come_first_but_not_for_the_contested_reviewer(house, five):
    rejected = reviewed(
        annotation(task(house.project), house.annotator), house.reviewer, "rejected", reject_action="remove"
    )
    AnnotationReviewService(house.annotator).contest(rejected.annotation, reason="It is an A.")

    assert drawn(house, house.reviewer2) == rejected.annotation.pk
    assert drawn(house) == five["first"]
    assert (drawn(house, queue="disputes"), why_empty(queue_request(house, queue="disputes")).code) == (
        None,
        "only_own_verdicts",
    )


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda house: reviewed(house.annotation, house.reviewer2), "done"),
        (lambda house: drawn(house, house.reviewer2), "all_leased"),
    ],
)
def test_an_empty_queue_has_a_reason(house, make, code):
    make(house)

    assert (drawn(house), why_empty(queue_request(house)).code) == (None, code)


@pytest.mark.parametrize(
    ("make", "who", "code"),
    [
        (lambda house: None, "annotator", "not_a_reviewer"),
        (
            lambda house: Membership.objects.filter(user=house.reviewer).update(paused=True),
            "reviewer",
            "paused",
        ),
        (
            lambda house: projects.update(house.project, {"enable_review_workflow": False}, actor=house.lead),
            "reviewer",
            "workflow_disabled",
        ),
    ],
)
def test_some_people_get_nothing_whatever_waits(house, make, who, code):
    make(house)

    assert before_drawing(queue_request(house, getattr(house, who))).code == code


def test_entries_of_several_tasks_are_brought_up_to_date_at_once(house):
    reviewed(annotation(task(house.project), house.annotator), house.reviewer, "rejected")
    annotation(task(house.project), house.annotator2)
    ids = list(Task.objects.values_list("pk", flat=True))
    QueueEntry.objects.filter(queue="review").delete()

    entries.sync(ids)

    assert entries.differences(ids) == []
    assert sorted(QueueEntry.objects.values_list("queue", flat=True)) == ["rejected", "review", "review"]
