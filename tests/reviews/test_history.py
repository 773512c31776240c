"""History, last_action, versions, the sequence number, and the two tokens of concurrency."""

import pytest

from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.concurrency import Seen
from tasks.models import History
from tasks.services import annotations, tasks
from tests.factories import result, reviewed
from tests.reviews.steps import decide, now, patch, undo
from tests.snapshots import refused

pytestmark = pytest.mark.usefixtures("adds_up")


def skip(house, skipped=True):
    return annotations.edit(house.annotation.pk, {"was_cancelled": skipped}, actor=house.annotator)


def draft(house):
    return annotations.convert_to_draft(house.annotation.pk, actor=house.annotator)


# What is done, → history action, last_action, is it a version.
TOLD = {
    "submit": (lambda h: None, "submitted", "submitted", True),
    "update": (lambda h: patch(h, "B", h.annotator), "updated", "updated", True),
    "skip": (skip, "skipped", "skipped", True),
    "unskip": (lambda h: (skip(h), skip(h, skipped=False)), "unskipped", "updated", True),
    "data": (
        lambda h: tasks.update(h.task.pk, {"data": {"text": "B"}}, actor=h.lead),
        "data_changed",
        "updated",
        False,
    ),
    "accept": (lambda h: decide(h, "accept"), "accepted", "accepted", False),
    "reject": (lambda h: decide(h, "reject"), "rejected", "rejected", False),
    "fix": (lambda h: decide(h, "fix_and_accept"), "fixed_and_accepted", "fixed_and_accepted", True),
    "undo": (lambda h: undo(h, decide(h, "accept")), "deleted_review", "deleted_review", False),
    "undo a fix": (lambda h: undo(h, decide(h, "fix_and_accept")), "deleted_review", "deleted_review", True),
    "reopen": (lambda h: decide(h, "reopen"), "reopened", "updated", False),
    "draft": (draft, "converted_to_draft", "submitted", False),
    "submit the draft": (lambda h: (draft(h), patch(h, "A", h.annotator)), "updated", "updated", True),
    "delete": (
        lambda h: annotations.delete(h.annotation.pk, actor=h.annotator),
        "deleted",
        "submitted",
        False,
    ),
}


@pytest.mark.parametrize("what", TOLD)
def test_history_says_what_happened_and_last_action_follows(house, what):
    does, *expected = TOLD[what]
    does(house)

    row, annotation = History.objects.latest("id"), now(house)
    assert [row.action, annotation.last_action, row.number is not None] == expected
    assert row.annotation_seq == annotation.annotation_seq
    assert (row.result is not None) == (row.number is not None)


def test_every_change_raises_the_sequence_by_one(house):
    seen = [now(house).annotation_seq]
    for step in (
        lambda: patch(house, "B", house.annotator),
        lambda: annotations.edit(house.annotation.pk, {"lead_time": 1.0}, actor=house.annotator),
        lambda: reviewed(house.annotation, house.reviewer),
        lambda: reviewed(house.annotation, house.reviewer, "fixed_and_accepted"),
        lambda: AnnotationReviewService(house.lead).undo(Review.objects.latest("id")),
        lambda: AnnotationReviewService(house.lead).reopen(house.annotation),
        lambda: AnnotationReviewService(house.lead).undo_reopen(house.annotation),
        lambda: tasks.update(house.task.pk, {"data": {"text": "New"}}, actor=house.lead),
        lambda: annotations.convert_to_draft(house.annotation.pk, actor=house.annotator),
        lambda: annotations.edit(house.annotation.pk, {"result": result("A")}, actor=house.annotator),
        lambda: annotations.delete(house.annotation.pk, actor=house.lead),
    ):
        step()
        seen.append(now(house).annotation_seq)

    assert seen == list(range(1, 13))


def test_a_patch_honours_both_tokens_if_match_first(house):
    first = house.annotation.current_version_id
    patch(house, "B", house.annotator)
    change = {"changes": {"result": result("C")}, "actor": house.annotator}

    with refused("stale", 412):
        annotations.edit(
            house.annotation.pk, seen=Seen(if_match='"1"', last_annotation_history=first), **change
        )
    with refused("stale", 400, field="last_annotation_history"):
        annotations.edit(
            house.annotation.pk, seen=Seen(if_match='"2"', last_annotation_history=first), **change
        )
    current = now(house).current_version_id
    annotations.edit(
        house.annotation.pk, seen=Seen(if_match='"2"', last_annotation_history=current), **change
    )


def test_last_annotation_history_is_stale_by_versions_only(house):
    seen = Seen(last_annotation_history=house.annotation.current_version_id)
    reviewed(house.annotation, house.reviewer, "rejected")

    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator, seen=seen)


def test_any_history_row_on_the_current_version_is_a_valid_token(house):
    reviewed(house.annotation, house.reviewer, "rejected")
    seen = Seen(last_annotation_history=History.objects.latest("id").pk)

    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator, seen=seen)
