"""How often work was sent back by a reject, and the cap on it."""

import pytest

from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tests.factories import annotation as submitted
from tests.factories import reviewed, task
from tests.reviews.steps import decide, now, patch, pause, settings, undo
from tests.reviews.test_recount import run
from tests.snapshots import refused

pytestmark = pytest.mark.usefixtures("adds_up")


@pytest.fixture(autouse=True)
def counted_as_stored(house):
    yield
    assert run("recount", check=True).startswith("no drift")


def reject(house, action="requeue", by="reviewer"):
    return decide(house, "reject", by=by, reject_action=action)


def test_a_reject_that_requeues_is_a_round(house):
    reject(house)
    patch(house, "B", house.annotator)
    reject(house)

    assert now(house).rounds == 2


@pytest.mark.parametrize("verdict", ["accept", "fix_and_accept"])
def test_other_verdicts_are_no_rounds(house, verdict):
    decide(house, verdict)
    reject(house, "remove", by="reviewer2")

    assert now(house).rounds == 0


def test_a_changed_reject_is_one_round(house):
    reject(house, "remove")
    reject(house)
    reject(house, by="reviewer2")

    assert now(house).rounds == 1


def test_undoing_the_reject_removes_its_round(house):
    reject(house)
    patch(house, "B", house.annotator)
    undo(house, reject(house))

    assert now(house).rounds == 1


def test_replacing_the_reject_removes_its_round(house):
    reject(house)
    decide(house, "accept")

    assert now(house).rounds == 0


def test_reopening_neither_adds_nor_removes_a_round(house):
    reject(house)
    decide(house, "reopen", by="lead")

    assert now(house).rounds == 1


def test_bulk_rejects_are_rounds(house):
    AnnotationReviewService(house.reviewer).reject_many([house.annotation])

    assert now(house).rounds == 1


@pytest.fixture
def spent(house):
    """A project that allows one round, which is used up."""
    settings(house, max_rounds=1)
    reject(house)
    patch(house, "B", house.annotator)
    return house


def test_an_explicit_requeue_beyond_the_cap_is_refused(spent):
    with refused("rounds_capped", field="reject_action"):
        reject(spent)


def test_the_refusal_names_the_alternatives(spent):
    report = AnnotationReviewService(spent.reviewer).reject_many([spent.annotation], reject_action="requeue")

    ((_, refusal),) = report.refused
    assert refusal.detail == (
        "This has been sent back once, as often as this project allows. Reject it with remove, or fix and "
        "accept it."
    )


def test_a_default_requeue_beyond_the_cap_becomes_remove_with_a_notice(spent):
    decision = decide(spent, "reject")

    assert (decision.review.reject_action, now(spent).rounds) == ("remove", 1)
    assert decision.notice == (
        "It has been sent back as often as this project allows, so it was rejected with remove."
    )


def test_a_default_requeue_beyond_the_cap_is_refused_if_remove_is_not_allowed(spent):
    settings(spent, allowed_reject_actions=["requeue"])

    with refused("rounds_capped"):
        decide(spent, "reject")


def test_repeating_the_last_round_is_a_repeat(house):
    settings(house, max_rounds=1)
    first = reject(house)

    assert reject(house).review == first.review
    assert decide(house, "reject").review == first.review
    assert reject(house, by="reviewer2").review != first.review


def test_the_cap_is_checked_before_the_annotator(spent):
    pause(spent)

    with refused("rounds_capped"):
        reject(spent)


def test_without_a_cap_rounds_are_unlimited(house):
    for label in "BCABC":
        reject(house)
        patch(house, label, house.annotator)

    assert now(house).rounds == 5


@pytest.mark.parametrize("wrong", [{"rounds": 7}, {"contested_at": "2026-01-01T00:00:00Z"}])
def test_recount_repairs_rounds_and_contested(house, wrong):
    reject(house)
    Annotation.objects.update(**wrong)

    found = run("recount")

    assert f"of annotation {house.annotation.pk}" in found
    assert (now(house).rounds, now(house).contested_at) == (1, None)


def test_rounds_are_counted_for_each_annotation(house):
    other = submitted(task(house.project), house.annotator)
    reviewed(other, house.reviewer, "rejected")

    assert now(house).rounds == 0
