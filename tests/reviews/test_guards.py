"""Each guard refuses with its code and changes nothing, in the order of the design."""

from functools import partial

import pytest

from reviews.service import AnnotationReviewService
from tasks.concurrency import Seen
from tasks.models import Annotation
from tasks.services import annotations, projects, tasks
from tests import factories
from tests.factories import result, reviewed
from tests.snapshots import refused


def settings(house, **changes):
    house.project = projects.update(house.project, changes, actor=house.lead)


def decide(house, action, by="reviewer", **asked):
    asked = {"fix_and_accept": {"result": result("B")}}.get(action, {}) | asked
    return getattr(AnnotationReviewService(getattr(house, by)), action)(house.annotation, **asked)


VERDICTS = ("accept", "reject", "fix_and_accept")
MOVES = (*VERDICTS, "reopen")


@pytest.fixture(params=MOVES)
def move(request, house):
    return partial(decide, house, request.param)


# --- who ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["annotator", "annotator2", "stranger"])
def test_not_a_reviewer(house, move, who):
    with refused("not_a_reviewer", 403):
        move(by=who)


def test_own_annotation_of_its_author(house, move):
    projects.set_role(house.project, house.annotator, "RE")

    with refused("own_annotation", 403):
        move(by="annotator")


def test_own_annotation_of_who_really_wrote_it(house, move):
    house.annotation = factories.annotation(house.task, house.lead, completed_by=house.annotator2)

    with refused("own_annotation", 403):
        move(by="lead")


def test_own_annotation_of_whom_it_was_written_for(house, move):
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


# --- when ---------------------------------------------------------------------------------------


def test_workflow_disabled(house, move):
    settings(house, enable_review_workflow=False)

    with refused("workflow_disabled"):
        move()


def test_not_submitted(house, move):
    annotations.convert_to_draft(house.annotation.pk, actor=house.annotator)

    with refused("not_submitted"):
        move()


def test_skipped(house, move):
    annotations.edit(house.annotation.pk, {"was_cancelled": True}, actor=house.annotator)

    with refused("skipped"):
        move()


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
    projects.assign([house.task], [house.reviewer], "AN")  # to annotate, not to review
    projects.assign([house.task], [house.reviewer2], "RE")

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


# --- what the reviewer had before their eyes -------------------------------------------------------


def test_stale_if_match(house, move):
    annotations.edit(house.annotation.pk, {"lead_time": 3.0}, actor=house.annotator)

    with refused("stale", 412):
        move(seen=Seen(if_match='"1"'))
    move(seen=Seen(if_match='"2"'))


def test_stale_last_annotation_history(house, move):
    first = house.annotation.current_version_id
    edited = annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)

    with refused("stale", field="last_annotation_history"):
        move(seen=Seen(last_annotation_history=first), **({"result": result("C")} if "fix_and_accept" in move.args else {}))
    assert edited.current_version_id > first


@pytest.mark.parametrize("if_match", ["7", "seven", '"seven"', '"1", "2"', "", 'W/"x"'])
def test_malformed_if_match(house, move, if_match):
    with refused("malformed_if_match"):
        move(seen=Seen(if_match=if_match))


@pytest.mark.parametrize("if_match", ['"1"', 'W/"1"', "*", ' "1" '])
def test_if_match_that_matches(house, if_match):
    assert decide(house, "accept", seen=Seen(if_match=if_match)).review.verdict == "accepted"


# --- what a verdict must bring with it ----------------------------------------------------------


@pytest.mark.parametrize("comment", ["", "   ", "\n\t"])
def test_comment_required(house, comment):
    settings(house, require_review_comment_on_reject=True)

    with refused("comment_required", field="comment"):
        decide(house, "reject", comment=comment)


def test_comment_required_is_satisfied_by_a_fresh_comment(house):
    from reviews import comments

    settings(house, require_review_comment_on_reject=True)
    said = comments.say(house.annotation, "The letter is a B", actor=house.reviewer)

    assert decide(house, "reject").review.comment_object == said


def test_comment_required_is_not_satisfied_by_somebody_elses_or_an_older_comment(house):
    from reviews import comments

    settings(house, require_review_comment_on_reject=True)
    comments.say(house.annotation, "Old", actor=house.reviewer)
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)
    comments.say(house.annotation, "Not mine", actor=house.reviewer2)

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
    settings(house, allowed_reject_actions=["requeue", "redistribute"], label_stream_task_distribution="assigned_only")

    with refused("redistribute_needs_auto_distribution", field="reject_action"):
        decide(house, "reject", reject_action="redistribute")
    with refused("redistribute_needs_auto_distribution", field="reject_action"):
        decide(house, "reject", reject_action="redistribute", assignee=house.annotator2)
    given = decide(house, "reject", by="lead", reject_action="redistribute", assignee=house.annotator2)
    assert [(a.task, a.user, a.type) for a in given.task.assignments.all()] == [(house.task, house.annotator2, "AN")]


def leave(house):
    projects.remove_member(house.membership(house.annotator))


def pause(house):
    house.project.memberships.filter(user=house.annotator).update(paused=True)


def deactivate(house):
    type(house.annotator).objects.filter(pk=house.annotator.pk).update(is_active=False)


@pytest.mark.parametrize("away", [leave, pause, deactivate])
def test_annotator_unavailable_for_a_requeue_asked_for_by_name(house, away):
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


# --- taking back -----------------------------------------------------------------------------------


def undo(house, decision, by="reviewer"):
    AnnotationReviewService(getattr(house, by)).undo(decision.review)


@pytest.mark.parametrize("who", ["annotator", "stranger"])
def test_undo_by_no_reviewer(house, who):
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


# --- locks on decided work (the author's side) ------------------------------------------------------

EDITS = {
    "edit": lambda house: annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator),
    "skip": lambda house: annotations.edit(house.annotation.pk, {"was_cancelled": True}, actor=house.annotator),
    "convert_to_draft": lambda house: annotations.convert_to_draft(house.annotation.pk, actor=house.annotator),
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
def test_what_was_ever_reviewed_is_deleted_by_a_manager_only(house, who):
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


def test_no_lock_applies_to_what_is_no_edit(house):
    reviewed(house.annotation, house.reviewer)

    annotations.edit(house.annotation.pk, {"lead_time": 9.5, "result": result("A")}, actor=house.annotator)

    house.annotation.refresh_from_db()
    assert (house.annotation.last_action, house.annotation.lead_time) == ("accepted", 9.5)


@pytest.mark.parametrize("who", ["annotator2", "stranger"])
def test_somebody_elses_work_is_not_yours(house, who):
    for edit in (annotations.convert_to_draft, annotations.delete, partial(annotations.edit, changes={"result": result("B")})):
        with refused("not_yours", 403):
            edit(house.annotation.pk, actor=getattr(house, who))


def test_ground_truth_is_set_by_reviewers(house):
    with refused("ground_truth_not_allowed", 403):
        annotations.edit(house.annotation.pk, {"ground_truth": True}, actor=house.annotator)
    with refused("ground_truth_not_allowed", 403):
        factories.annotation(house.task, house.annotator, ground_truth=True)
    assert annotations.edit(house.annotation.pk, {"ground_truth": True}, actor=house.reviewer).ground_truth


# --- order -----------------------------------------------------------------------------------------

# Every reason at once; each step takes the first one away, so that the next one is said.
LADDER = [
    ("not_a_reviewer", lambda house: projects.set_role(house.project, house.annotator, "RE")),
    ("own_annotation", lambda house: settings(house, allow_self_review=True)),
    ("workflow_disabled", lambda house: settings(house, enable_review_workflow=True)),
    ("not_submitted", lambda house: Annotation.objects.update(is_draft=False)),
    ("skipped", lambda house: Annotation.objects.update(was_cancelled=False)),
    ("task_not_finished", lambda house: settings(house, only_finished_tasks=False)),
    ("not_assigned", lambda house: projects.assign([house.task], [house.annotator], "RE")),
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
    asked = {"reject_action": "redistribute", "reason": "late", "seen": Seen(if_match='"99"', last_annotation_history=0)}

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
