"""What a verdict has to contain, and the versions that reviewers saw."""

import pytest

from reviews import comments
from reviews.service import AnnotationReviewService
from tasks.concurrency import Seen
from tasks.services import annotations
from tests.factories import result
from tests.reviews.steps import deactivate, decide, leave, pause, settings
from tests.snapshots import refused


def test_stale_if_match(house, move):
    annotations.edit(house.annotation.pk, {"lead_time": 3.0}, actor=house.annotator)

    with refused("stale", 412):
        move(seen=Seen(if_match='"1"'))
    move(seen=Seen(if_match='"2"'))


def test_stale_last_annotation_history(house, move):
    first = house.annotation.current_version_id
    edited = annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    with refused("stale", field="last_annotation_history"):
        move(
            seen=Seen(last_annotation_history=first),
            **({"result": result("C")} if "fix_and_accept" in move.args else {}),
        )
    assert edited.current_version_id > first


@pytest.mark.parametrize("if_match", ["7", "seven", '"seven"', '"1", "2"', "", 'W/"x"'])
def test_malformed_if_match(house, move, if_match):
    with refused("malformed_if_match"):
        move(seen=Seen(if_match=if_match))


@pytest.mark.parametrize("if_match", ['"1"', 'W/"1"', "*", ' "1" '])
def test_if_match_that_matches(house, if_match):
    assert decide(house, "accept", seen=Seen(if_match=if_match)).review.verdict == "accepted"


@pytest.mark.parametrize("comment", ["", "   ", "\n\t"])
def test_comment_required(house, comment):
    settings(house, require_review_comment_on_reject=True)

    with refused("comment_required", field="comment"):
        decide(house, "reject", comment=comment)


def test_comment_required_is_satisfied_by_a_fresh_comment(house):
    settings(house, require_review_comment_on_reject=True)
    said = comments.create(house.annotation, "The letter is a B", actor=house.reviewer)

    assert decide(house, "reject").review.comment_object == said


def test_comment_required_is_not_satisfied_by_somebody_elses_or_an_older_comment(house):
    settings(house, require_review_comment_on_reject=True)
    comments.create(house.annotation, "Old", actor=house.reviewer)
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)
    comments.create(house.annotation, "Not mine", actor=house.reviewer2)

    with refused("comment_required", field="comment"):
        decide(house, "reject")


def test_comment_required_does_not_bind_a_selection(house):
    settings(house, require_review_comment_on_reject=True)

    report = AnnotationReviewService(house.reviewer).reject_many([house.annotation])

    assert (len(report.done), report.refused) == (1, [])


def test_reject_action_not_allowed(house):
    with refused("reject_action_not_allowed", field="reject_action"):
        decide(house, "reject", reject_action="redistribute")
    with refused("reject_action_not_allowed", field="reject_action"):
        decide(house, "reject", reject_action="burn")


def test_redistribute_needs_auto_distribution(house):
    settings(
        house,
        allowed_reject_actions=["requeue", "redistribute"],
        label_stream_task_distribution="assigned_only",
    )

    with refused("redistribute_needs_auto_distribution", field="reject_action"):
        decide(house, "reject", reject_action="redistribute")
    with refused("redistribute_needs_auto_distribution", field="reject_action"):
        decide(house, "reject", reject_action="redistribute", assignee=house.annotator2)
    given = decide(house, "reject", by="lead", reject_action="redistribute", assignee=house.annotator2)
    assert [(a.task, a.user, a.type) for a in given.task.assignments.all()] == [
        (house.task, house.annotator2, "AN")
    ]


def test_the_assignee_of_a_redistribute_is_not_the_author(house):
    settings(house, allowed_reject_actions=["requeue", "redistribute"])

    with refused("assignee_is_author", field="assignee"):
        decide(house, "reject", by="lead", reject_action="redistribute", assignee=house.annotator)


@pytest.mark.parametrize("away", [leave, pause, deactivate])
def test_annotator_unavailable_for_an_explicit_requeue(house, away):
    away(house)

    with refused("annotator_unavailable", field="reject_action"):
        decide(house, "reject", reject_action="requeue")
    removed = decide(house, "reject")
    assert (removed.review.reject_action, bool(removed.notice)) == ("remove", True)


def test_annotator_unavailable_when_remove_is_not_allowed(house):
    settings(house, allowed_reject_actions=["requeue"])
    leave(house)

    with refused("annotator_unavailable", field="reject_action"):
        decide(house, "reject")


def test_unknown_reason(house):
    settings(house, reject_reasons=[{"code": "blurry", "text": "The letter is blurred"}])

    with refused("unknown_reason", field="reason"):
        decide(house, "reject", reason="late")
    assert decide(house, "reject", reason="blurry").review.reason == "blurry"


def test_nothing_fixed(house):
    same = [region | {"origin": "prediction"} for region in result("A")]

    with refused("nothing_fixed", field="result"):
        decide(house, "fix_and_accept", result=same)


def test_result_required(house):
    with refused("result_required", field="result"):
        decide(house, "fix_and_accept", result=None)


@pytest.mark.parametrize(
    "bad",
    [
        result("Z"),
        [{**result("B")[0], "from_name": "nobody"}],
        [{**result("B")[0], "type": "rectanglelabels"}],
        [{**result("B")[0], "to_name": "image"}],
        [{**result("B")[0], "value": None}],
        [{**result("B")[0], "value": {"choices": [{"a": 1}]}}],
        ["B"],
        [None],
        {"choices": ["B"]},
        "B",
        7,
    ],
)
def test_invalid_result(house, bad):
    with refused("invalid_result", field="result"):
        decide(house, "fix_and_accept", result=bad)
