"""Every state an annotation can be in × every role: somebody may move it on, or a
manager sees why nobody does.

A state is brought about by the real services. `ends` marks the states in which nothing is asked of anybody:
the work is done, or a lead has said so; they are still left by undo, reopen, or by opening the task again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from reviews import workflow
from reviews.dead_ends import reasons
from reviews.models import QueueEntry
from reviews.service import AnnotationReviewService
from tasks.models import Annotation, Membership, Task
from tasks.services import annotations, assignments, closing, drafts, members, stream
from tests import factories
from tests.factories import House, reviewed, skipped
from tests.reviews.steps import deactivate, decide, leave, now, patch, pause, settings
from users.models import User

ROLES = ("annotator", "annotator2", "reviewer", "reviewer2", "lead", "admin")


MOVES = ("accept", "reject", "fix_and_accept", "undo", "reopen", "contest", "edit")


def exits(annotation: Annotation, users: Iterable[User]) -> dict[int, list[str]]:
    """User id → what they may do that moves this annotation on. Inactive members are left out."""
    project = annotation.project
    here = [user for user in users if user.is_active and members.is_active_member(user, project)]
    found = {user.pk: [move for move in MOVES if _may(move, annotation, user)] for user in here}
    return {user: moves for user, moves in found.items() if moves}


def _may(move: str, annotation: Annotation, user: User) -> bool:
    if move == "edit" and not annotation.is_work_of(user):
        return False  # somebody else's work is moved on by a verdict
    return workflow.refusal(move, annotation, user) is None


def reasons_of(task: Task) -> list[str]:
    """The reasons why this task is stuck, in the order of the table."""
    named = reasons.REASONS.items()
    return [name for name, reason in named if reason.tasks(task.project).filter(pk=task.pk).exists()]


# --- how a state is reached ------------------------------------------------------------------------


def submitted(house: House) -> None:
    """As the house is."""


def skipped_once(house: House) -> None:
    annotations.edit(house.annotation.pk, {"was_cancelled": True}, actor=house.annotator)


def turned_into_draft(house: House) -> None:
    drafts.unsubmit(house.annotation.pk, actor=house.annotator)


def accepted(house: House) -> None:
    reviewed(house.annotation, house.reviewer)


def fixed(house: House) -> None:
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted")


def rejected(action: str) -> Callable[[House], None]:
    def reach(house: House) -> None:
        settings(house, allowed_reject_actions=["remove", "requeue", "redistribute"])
        reviewed(house.annotation, house.reviewer, "rejected", reject_action=action)

    return reach


def contested(house: House) -> None:
    rejected("remove")(house)
    decide(house, "contest", by="annotator", reason="No")


def upheld(house: House) -> None:
    contested(house)
    reviewed(house.annotation, house.reviewer2, "rejected", reject_action="requeue")


def undone(house: House) -> None:
    factories.undone(reviewed(house.annotation, house.reviewer), house.reviewer)


def reopened(to: str) -> Callable[[House], None]:
    def reach(house: House) -> None:
        accepted(house)
        decide(house, "reopen", to=to)

    return reach


def skipped_and_asked_again(house: House) -> None:
    skipped_once(house)
    decide(house, "reopen")


def outdated(house: House) -> None:
    rejected("requeue")(house)
    patch(house, "B", house.annotator)


def rounds_spent(house: House) -> None:
    settings(house, max_rounds=1)
    outdated(house)
    reviewed(house.annotation, house.reviewer, "rejected")


def replaced(house: House) -> None:
    """Redistributed, and somebody else has done it."""
    rejected("redistribute")(house)
    factories.annotation(house.task, house.annotator2)


def closed(house: House) -> None:
    closing.close(house.task.pk, reason="Black", actor=house.lead)


def after(state: Callable[[House], None], *then: Callable[[House], object]) -> Callable[[House], None]:
    def reach(house: House) -> None:
        state(house)
        for step in then:
            step(house)

    return reach


def only_the_lead_reviews(house: House) -> None:
    for reviewer in (house.reviewer, house.reviewer2):
        members.remove(house.membership(reviewer), actor=house.lead)


def the_lead_alone_who_wrote_it(house: House) -> None:
    only_the_lead_reviews(house)
    house.annotation = factories.annotation(house.task, house.lead)


def the_lead_alone_who_rejected_it(house: House) -> None:
    reviewed(house.annotation, house.lead, "rejected", reject_action="remove")
    decide(house, "contest", by="annotator", reason="No")
    only_the_lead_reviews(house)


def too_much_wanted(house: House) -> None:
    settings(house, maximum_annotations=3)
    factories.annotation(house.task, house.annotator2)
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="remove")


def skipped_by_everybody(house: House) -> None:
    skipped_once(house)
    skipped(house.task, house.annotator2)


def by_hand(house: House) -> None:
    settings(house, label_stream_task_distribution="assigned_only", review_only_manual_assignments=True)


def unfinished_in_review_of_finished(house: House) -> None:
    settings(house, only_finished_tasks=True, maximum_annotations=2)


def reviews_switched_off(house: House) -> None:
    settings(house, enable_review_workflow=False)


@dataclass(frozen=True)
class State:
    """`who` may move it on, in ROLES' order; `stuck_for` are the named reasons; `ends`:
    nothing is asked of anybody."""

    reach: Callable[[House], None]
    who: str
    stuck_for: tuple[str, ...] = ()
    ends: bool = False


EVERY_REVIEWER = "reviewer reviewer2 lead admin"
STATES = {
    "submitted": State(submitted, f"annotator {EVERY_REVIEWER}"),
    "skipped": State(skipped_once, f"annotator {EVERY_REVIEWER}"),
    "skipped, asked again": State(skipped_and_asked_again, "annotator"),
    "skipped by all": State(skipped_by_everybody, f"annotator {EVERY_REVIEWER}", ("skipped_by_all",)),
    "draft": State(turned_into_draft, "annotator"),
    "draft, author removed": State(after(turned_into_draft, leave), "", ("ownerless",)),
    "draft, author paused": State(after(turned_into_draft, pause), "", ("ownerless",)),
    "draft, author inactive": State(after(turned_into_draft, deactivate), "", ("ownerless",)),
    "accepted": State(accepted, EVERY_REVIEWER, ends=True),
    "fixed": State(fixed, EVERY_REVIEWER, ends=True),
    "undone": State(undone, f"annotator {EVERY_REVIEWER}"),
    "removed": State(rejected("remove"), f"annotator {EVERY_REVIEWER}", ends=True),
    "requeued": State(rejected("requeue"), f"annotator {EVERY_REVIEWER}"),
    "requeued, author removed": State(after(rejected("requeue"), leave), EVERY_REVIEWER, ("ownerless",)),
    "requeued, author paused": State(after(rejected("requeue"), pause), EVERY_REVIEWER, ("ownerless",)),
    "requeued, author inactive": State(
        after(rejected("requeue"), deactivate), EVERY_REVIEWER, ("ownerless",)
    ),
    "redistributed": State(rejected("redistribute"), f"annotator {EVERY_REVIEWER}"),
    "redistributed, nobody left": State(
        after(rejected("redistribute"), lambda house: members.remove(house.membership(house.annotator2))),
        f"annotator {EVERY_REVIEWER}",
        ("overlap_unreachable",),
    ),
    "redistributed and replaced": State(replaced, f"annotator {EVERY_REVIEWER}", ends=True),
    "contested": State(contested, EVERY_REVIEWER),
    "contested, requeued": State(
        after(rejected("requeue"), lambda house: decide(house, "contest", by="annotator", reason="No")),
        f"annotator {EVERY_REVIEWER}",
    ),
    "contested, nobody left to decide": State(
        the_lead_alone_who_rejected_it, "lead admin", ("no_eligible_reviewer",)
    ),
    "upheld": State(upheld, f"annotator {EVERY_REVIEWER}"),
    "reopened to its author": State(reopened("author"), f"annotator {EVERY_REVIEWER}"),
    "reopened, author removed": State(after(reopened("author"), leave), EVERY_REVIEWER, ("ownerless",)),
    "reopened to anyone": State(reopened("anyone"), f"annotator {EVERY_REVIEWER}"),
    "reopened to anyone, nobody here": State(
        after(
            reopened("anyone"),
            leave,
            lambda house: members.remove(house.membership(house.annotator2)),
        ),
        EVERY_REVIEWER,
    ),
    "outdated": State(outdated, f"annotator {EVERY_REVIEWER}"),
    "rounds spent": State(rounds_spent, f"annotator {EVERY_REVIEWER}", ("rounds_capped",)),
    "submitted, author removed": State(after(submitted, leave), EVERY_REVIEWER),
    "submitted, author inactive": State(after(submitted, deactivate), EVERY_REVIEWER),
    "nobody may decide": State(the_lead_alone_who_wrote_it, "lead admin", ("no_eligible_reviewer",)),
    "overlap unreachable": State(too_much_wanted, f"annotator {EVERY_REVIEWER}", ("overlap_unreachable",)),
    "waits for overlap": State(unfinished_in_review_of_finished, "annotator lead admin"),
    "by hand, nobody named": State(by_hand, "annotator lead admin", ("unassigned",)),
    "reviews switched off": State(reviews_switched_off, "annotator", ends=True),
    "closed": State(closed, f"annotator {EVERY_REVIEWER}", ends=True),
    "closed, with reasons": State(
        after(skipped_by_everybody, closed), f"annotator {EVERY_REVIEWER}", ends=True
    ),
}


def movers(house: House) -> list[str]:
    """The roles that may move the annotation on."""
    people = {role: User.objects.get(pk=getattr(house, role).pk) for role in ROLES}
    found = exits(now(house), people.values())
    return [role for role, user in people.items() if found.get(user.pk)]


def drawn_by_somebody(house: House) -> bool:
    """An active member can get the task from the label stream, or the annotation is in the queue."""
    for role in ROLES:
        user = User.objects.get(pk=getattr(house, role).pk)
        if stream.draw(house.project, Task.objects.visible_to(user).filter(pk=house.task.pk), user):
            return True
    return QueueEntry.objects.filter(annotation=house.annotation).exclude(queue="rejected").exists()


@pytest.fixture
def reached(house, request) -> State:
    state = STATES[request.param]
    state.reach(house)
    house.project.refresh_from_db()
    return state


@pytest.mark.parametrize("reached", STATES, indirect=True)
def test_every_state_has_an_exit(house, reached):
    assert movers(house) == reached.who.split()
    assert reasons_of(Task.objects.get(pk=house.task.pk)) == list(reached.stuck_for)
    assert reached.who or reached.stuck_for
    # What asks for something is handed out, or a manager is told why not.
    assert reached.ends or reached.stuck_for or drawn_by_somebody(house)


CLOSED_BY = {name: state for name, state in STATES.items() if state.stuck_for}


@pytest.mark.parametrize("reached", CLOSED_BY, indirect=True)
def test_closing_removes_a_task_from_every_list(house, reached):
    closing.close(house.task.pk, reason="Enough", actor=house.lead)

    assert reasons_of(Task.objects.get(pk=house.task.pk)) == []
    assert not drawn_by_somebody(house)


def test_every_reason_is_reached_and_has_buttons():
    stuck_for = {name for state in STATES.values() for name in state.stuck_for}

    assert stuck_for == set(reasons.REASONS)
    assert all(
        reasons.CLOSE in reason.buttons and len(reason.buttons) > 1 for reason in reasons.REASONS.values()
    )


# --- the buttons ------------------------------------------------------------------------------------


def test_ownerless_work_is_reassigned(house):
    after(rejected("requeue"), leave)(house)

    AnnotationReviewService(house.lead).reassign(house.project, house.annotator, to=house.annotator2)

    assert reasons_of(Task.objects.get(pk=house.task.pk)) == []
    assert drawn_by_somebody(house)


def test_a_task_skipped_by_all_is_returned_to_one_of_them(house):
    skipped_by_everybody(house)

    decide(house, "reopen", by="lead")

    assert reasons_of(Task.objects.get(pk=house.task.pk)) == []
    assert (
        stream.draw(house.project, Task.objects.all(), house.annotator).annotation_id == house.annotation.pk
    )


def test_another_annotator_makes_the_overlap_reachable(house):
    too_much_wanted(house)

    factories.member(house.project, "AN", "annotator3")

    assert reasons_of(Task.objects.get(pk=house.task.pk)) == []


def test_an_assignment_ends_unassigned(house):
    by_hand(house)

    assignments.assign([house.task], [house.reviewer], "RE")

    assert reasons_of(Task.objects.get(pk=house.task.pk)) == []


def test_work_rejected_in_the_last_round_can_be_reopened(house):
    rounds_spent(house)

    decide(house, "reopen", by="lead")

    assert reasons_of(Task.objects.get(pk=house.task.pk)) == []


# --- what it costs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", reasons.REASONS)
def test_a_reason_needs_as_many_queries_for_three_tasks_as_for_one(
    house, name, django_assert_max_num_queries
):
    settings(house, max_rounds=1)
    for _ in range(2):
        factories.annotation(factories.task(house.project), house.annotator)

    with django_assert_max_num_queries(4):
        list(reasons.REASONS[name].tasks(house.project))
    assert Membership.objects.filter(project=house.project).count() == 5
    assert Annotation.objects.count() == 3
