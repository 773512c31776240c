"""Contesting a rejection: once, with a reason, decided by another reviewer, counted for both."""

import pytest

from reviews import disputes
from reviews.models import Dispute
from reviews.service import AnnotationReviewService
from tasks.models import Annotation, History
from tasks.services import annotations, tasks
from tests import factories
from tests.factories import reviewed
from tests.reviews.steps import decide, kinds, now, patch, settings, undo
from tests.reviews.test_recount import run
from tests.snapshots import refused

pytestmark = pytest.mark.usefixtures("adds_up")


@pytest.fixture(autouse=True)
def stored_as_counted(house):
    yield
    assert run("recount", check=True).startswith("no drift")


def contest(house, by="annotator", reason="It is an A: look at the serif"):
    return decide(house, "contest", by=by, reason=reason)


@pytest.fixture
def rejected(house):
    house.decision = reviewed(house.annotation, house.reviewer, "rejected", reject_action="remove")
    return house


@pytest.fixture
def contested(rejected):
    rejected.dispute = contest(rejected)
    return rejected


def outcome() -> tuple:
    dispute = Dispute.objects.get()
    return dispute.outcome, dispute.decided_by and dispute.decided_by.first_name, dispute.deciding_review_id


def test_contesting_leaves_the_reject_standing(rejected, emitted):
    before = now(rejected)

    dispute = contest(rejected)

    after, review = now(rejected), rejected.decision.review
    review.refresh_from_db()
    assert (after.last_action, after.standing_review_id, after.last_created_by) == (
        "rejected",
        review.pk,
        rejected.reviewer,
    )
    assert after.annotation_seq == before.annotation_seq + 1
    assert after.contested_at == review.contested_at == dispute.contested_at
    row = History.objects.latest("id")
    assert (row.action, row.created_by, row.review_id, row.comment) == (
        "contested",
        rejected.annotator,
        review.pk,
        "It is an A: look at the serif",
    )
    assert kinds(emitted) == ["annotation_touched", "contested"]


@pytest.mark.parametrize("who", ["annotator2", "reviewer", "reviewer2", "lead", "admin"])
def test_only_the_author_contests(rejected, who):
    with refused("not_your_work", 403):
        contest(rejected, by=who)


def test_a_non_member_cannot_contest(rejected):
    with refused("not_a_member", 403):
        contest(rejected, by="stranger")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_required(rejected, reason):
    with refused("reason_required", field="reason"):
        contest(rejected, reason=reason)


def test_only_a_rejection_can_be_contested(house):
    with refused("not_rejected"):
        contest(house)
    reviewed(house.annotation, house.reviewer)
    with refused("not_rejected"):
        contest(house)


def test_a_rejection_is_contested_once(contested):
    with refused("already_contested"):
        contest(contested)


@pytest.mark.parametrize("verdict", ["accept", "reject", "fix_and_accept"])
def test_the_first_reviewer_does_not_decide(contested, verdict):
    with refused("own_verdict_contested", 403):
        decide(contested, verdict)


def test_a_manager_who_rejected_does_not_decide_either(house):
    reviewed(house.annotation, house.lead, "rejected")
    contest(house)

    with refused("own_verdict_contested", 403):
        decide(house, "accept", by="lead")
    assert decide(house, "accept", by="admin").review.verdict == "accepted"


def test_nobody_decides_their_own_dispute_even_if_self_review_is_allowed(house):
    settings(house, allow_self_review=True)
    own = factories.annotation(house.task, house.reviewer2)
    reviewed(own, house.reviewer, "rejected")
    AnnotationReviewService(house.reviewer2).contest(own, reason="Right")

    with refused("own_annotation", 403):
        AnnotationReviewService(house.reviewer2).accept(own)


@pytest.mark.parametrize(
    ("verdict", "came_of_it"),
    [("accept", "overturned"), ("fix_and_accept", "overturned"), ("reject", "upheld")],
)
@pytest.mark.parametrize("who", ["reviewer2", "lead", "admin"])
def test_another_reviewer_decides(contested, verdict, came_of_it, who):
    decision = decide(contested, verdict, by=who)

    assert outcome() == (came_of_it, who.capitalize(), decision.review.pk)
    assert now(contested).contested_at is None


def test_a_bulk_decision_decides_disputes_too(contested):
    report = AnnotationReviewService(contested.reviewer2).accept_many(
        [contested.annotation], include_decided=True
    )

    assert outcome() == ("overturned", "Reviewer2", report.done[0].standing_review_id)


def test_an_upheld_rejection_is_final(contested):
    decide(contested, "reject", by="reviewer2", reject_action="remove")

    with refused("dispute_decided"):
        contest(contested)
    decide(contested, "reject", by="reviewer2", reject_action="requeue")
    with refused("dispute_decided"):
        contest(contested)


def test_reworked_work_can_be_contested_again(contested):
    decide(contested, "reject", by="reviewer2", reject_action="requeue")
    patch(contested, "B", contested.annotator)
    reviewed(contested.annotation, contested.reviewer, "rejected")

    assert contest(contested).outcome is None


WITHDRAWN_BY = {
    "undo": lambda house: undo(house, house.decision),
    "undo by lead": lambda house: undo(house, house.decision, by="lead"),
    "reopen": lambda house: decide(house, "reopen", by="reviewer2"),
    "edit by lead": lambda house: patch(house, "B", house.lead),
    "skip by lead": lambda house: annotations.edit(
        house.annotation.pk, {"was_cancelled": True}, actor=house.lead
    ),
    "delete": lambda house: annotations.delete(house.annotation.pk, actor=house.lead),
    "data change": lambda house: tasks.update(house.task.pk, {"data": {"text": "New"}}, actor=house.lead),
}


@pytest.mark.parametrize("end", WITHDRAWN_BY)
def test_a_dispute_is_withdrawn_when_its_rejection_stops_standing(contested, end):
    WITHDRAWN_BY[end](contested)

    assert (outcome()[0], outcome()[2]) == ("withdrawn", None)
    assert Annotation.objects.get().contested_at is None


def test_reworking_withdraws_the_dispute(house):
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue")
    contest(house)

    patch(house, "B", house.annotator)

    assert outcome() == ("withdrawn", "Annotator", None)
    assert now(house).last_action == "updated"


def test_the_outcome_counts_for_both(contested):
    decide(contested, "accept", by="reviewer2")

    assert disputes.counts_by_person(contested.project) == {
        contested.annotator.pk: disputes.DisputeCounts(overturned=1),
        contested.reviewer.pk: disputes.DisputeCounts(verdicts_overturned=1),
    }
