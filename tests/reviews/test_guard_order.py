"""The order of the guards: people learn nothing about work they may not see."""

from tasks.concurrency import Seen
from tasks.models import Annotation
from tasks.services import annotations, assignments, members
from tests.factories import result, reviewed
from tests.reviews.steps import decide, pause, settings
from tests.snapshots import refused

# Every reason at once; each step takes the first one away, so that the next one is said.
LADDER = [
    ("not_a_reviewer", lambda house: members.set_role(house.project, house.annotator, "RE")),
    ("own_annotation", lambda house: settings(house, allow_self_review=True)),
    ("workflow_disabled", lambda house: settings(house, enable_review_workflow=True)),
    ("not_submitted", lambda house: Annotation.objects.update(is_draft=False)),
    ("skipped", lambda house: Annotation.objects.update(was_cancelled=False)),
    ("task_not_finished", lambda house: settings(house, only_finished_tasks=False)),
    ("not_assigned", lambda house: assignments.assign([house.task], [house.annotator], "RE")),
]
THEN_REJECT = [
    ("stale", {"seen": Seen(if_match='"99"', last_annotation_history=0)}),
    ("stale", {"seen": Seen(last_annotation_history=0)}),
    ("comment_required", {"seen": Seen()}),
    ("reject_action_not_allowed", {"comment": "No"}),
    ("annotator_unavailable", {"reject_action": "requeue"}),
    ("unknown_reason", {"reject_action": "remove"}),
]


def everything_is_wrong(house):
    annotations.edit(house.annotation.pk, {"was_cancelled": True}, actor=house.annotator)
    annotations.convert_to_draft(house.annotation.pk, actor=house.annotator)
    settings(
        house,
        enable_review_workflow=False,
        only_finished_tasks=True,
        maximum_annotations=2,
        review_only_manual_assignments=True,
        require_review_comment_on_reject=True,
    )


def test_guards_are_asked_in_order(house):
    everything_is_wrong(house)
    asked = {
        "reject_action": "redistribute",
        "reason": "late",
        "seen": Seen(if_match='"99"', last_annotation_history=0),
    }

    for code, lift in LADDER:
        with refused(code, 403 if code in ("not_a_reviewer", "own_annotation", "not_assigned") else 400):
            decide(house, "reject", by="annotator", **asked)
        lift(house)
    pause(house)
    for position, (code, change) in enumerate(THEN_REJECT):
        asked |= change
        with refused(code, 412 if position == 0 else 400):
            decide(house, "reject", by="annotator", **asked)
    assert decide(house, "reject", by="annotator", **asked | {"reason": ""}).review.verdict == "rejected"


def test_a_repeat_is_answered_before_it_is_called_stale(house):
    first = reviewed(house.annotation, house.reviewer, seen=Seen(if_match='"1"'))

    again = reviewed(house.annotation, house.reviewer, seen=Seen(if_match='"1"'))

    assert (again.review, again.repeated) == (first.review, True)


def test_stale_is_said_before_what_is_wrong_with_a_fix(house):
    for bad in (None, result("A"), result("Z")):
        with refused("stale", 412):
            decide(house, "fix_and_accept", result=bad, seen=Seen(if_match='"9"'))
