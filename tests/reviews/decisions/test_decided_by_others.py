"""Bulk actions and the verdicts of others: left alone or replaced knowingly, and restored by an undo."""

import pytest

from reviews import disputes
from reviews.decisions.request import BulkAction
from reviews.models import BulkReview, Correction, Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation, History
from tasks.services import annotations, members
from tasks.services import tasks as task_service
from tests import factories
from tests.factories import result, reviewed, verdicts_checked
from tests.reviews.steps import kinds, now, settings, states
from tests.snapshots import assert_all_true, everything

pytestmark = pytest.mark.usefixtures("adds_up")

ACTIONS = ("accept", "reject", "reopen")


def act(house, action: str, by: str = "reviewer", **options):
    """`by` does it to the house's annotation, as a selection of one."""
    report = getattr(AnnotationReviewService(getattr(house, by)), f"{action}_many")(
        [house.annotation], **options
    )
    verdicts_checked()
    return report


def undo(bulk: BulkReview, by):
    report = AnnotationReviewService(by).undo_bulk(bulk)
    verdicts_checked()
    return report


def codes(refused) -> list[str]:
    return [refusal.code for _, refusal in refused]


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("verdict", ["accepted", "rejected", "fixed_and_accepted"])
def test_somebody_elses_verdict_is_left_alone_and_listed(house, action, verdict):
    reviewed(house.annotation, house.reviewer2, verdict)
    before = everything()

    report = act(house, action)

    assert (codes(report.refused), report.done, report.bulk) == (["already_decided"], [], None)
    assert everything() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_it_is_replaced_where_decided_ones_are_included(house, action):
    reviewed(house.annotation, house.reviewer2)

    report = act(house, action, include_decided=True)

    assert (report.refused, report.replaced) == ([], [house.annotation.pk])


@pytest.mark.parametrize("action", ACTIONS)
def test_ones_own_verdict_is_no_obstacle(house, action):
    reviewed(house.annotation, house.reviewer, "fixed_and_accepted" if action == "accept" else "accepted")

    report = act(house, action)

    assert (len(report.done), report.replaced) == (1, [])


@pytest.mark.parametrize("action", [*ACTIONS, "undo"])
@pytest.mark.parametrize("by", ["annotator", "stranger"])
def test_who_may_not_review_leaves_no_row(house, action, by):
    before = everything()

    report = act(house, action, by=by)

    assert codes(report.refused) == ["not_a_reviewer"]
    assert everything() == before


@pytest.mark.parametrize("action", [*ACTIONS, "undo"])
def test_a_preview_says_what_would_happen_and_changes_nothing(house, action):
    own = factories.annotation(factories.task(house.project), house.lead)
    reviewed(house.annotation, house.reviewer2)
    work = [house.annotation.pk, own.pk, 10**9]
    before = everything()
    service, asked = AnnotationReviewService(house.lead), BulkAction.of(action, include_decided=True)

    seen = service.preview_many(work, asked)

    assert everything() == before
    done = service.perform_many(work, asked)
    assert [a.pk for a in seen.done] == [a.pk for a in done.done]
    assert (codes(seen.refused), seen.replaced, seen.not_found) == (
        codes(done.refused),
        done.replaced,
        done.not_found,
    )


# --- undo restores ----------------------------------------------------------------------------------


VERDICTS = {
    "accepted": {},
    "rejected": {"comment": "A B", "reject_action": "requeue"},
    "fixed_and_accepted": {"comment": "Fixed"},
}


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("action", [*ACTIONS, "undo"])
def test_undo_brings_the_replaced_verdict_back(house, action, verdict):
    old = reviewed(house.annotation, house.reviewer2, verdict, **VERDICTS[verdict]).review
    state = ("last_action", "returned_to_id", "rounds", "result", "redistributed", "last_created_by_id")
    before = [getattr(house.annotation, name) for name in state]
    options = {} if action == "undo" else {"include_decided": True}
    bulk = act(house, action, by="lead", **options).bulk

    report = undo(bulk, house.lead)

    if (action, verdict) == ("undo", "fixed_and_accepted"):  # the undo has written the version before the fix
        assert codes(report.refused) == ["changed_since"]
        return
    annotation = now(house)
    assert [getattr(annotation, name) for name in state] == before
    new = Review.objects.get(pk=annotation.standing_review_id)
    kept = ("verdict", "created_by", "comment", "comment_object", "reject_action", "seen_version")
    assert [getattr(new, name) for name in kept] == [getattr(old, name) for name in kept]
    assert (new.restores_id, new.fixed_version_id, new.started_at) == (old.pk, old.fixed_version_id, None)
    assert (report.restored, report.not_restored, report.refused) == ([annotation.pk], [], [])
    row = History.objects.latest("id")
    assert (row.action, row.created_by, row.review_id, row.details) == (
        verdict,
        house.lead,
        new.pk,
        {"restores": old.pk},
    )
    assert_all_true(house.project)


def test_an_undo_is_undone_the_same_way(house):
    reviewed(house.annotation, house.reviewer2)
    bulk = act(house, "reject", include_decided=True, reject_action="remove").bulk

    again = undo(undo(bulk, house.reviewer).bulk, house.lead)

    assert again.restored == [house.annotation.pk]
    assert states() == [
        ("accepted", "superseded"),
        ("rejected", "undone"),
        ("accepted", "undone"),
        ("rejected", "standing"),
    ]
    assert Review.objects.latest("id").restores == bulk.reviews.get()


def test_consumers_are_told_of_the_withdrawal_and_of_the_verdict_that_came_back(house, emitted):
    reviewed(house.annotation, house.reviewer2)
    bulk = act(house, "reject", include_decided=True).bulk
    emitted.clear()

    undo(bulk, house.reviewer)

    assert kinds(emitted) == [
        "reviews_undone",
        "review_withdrawn",
        "reviews_created",
        "task_reviewed",
    ]


def edited(house):
    annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.lead)


def new_data(house):
    task_service.update(house.task.pk, {"data": {"text": "Another"}}, actor=house.lead)


def redecided(house):
    reviewed(house.annotation, house.lead)


@pytest.mark.parametrize("change", [edited, new_data, redecided])
def test_what_changed_since_is_left_as_it_is(house, change):
    reviewed(house.annotation, house.reviewer2)
    bulk = act(house, "reject", include_decided=True).bulk
    change(house)
    before = everything()

    report = undo(bulk, house.reviewer)

    assert (codes(report.refused), report.bulk) == (["not_standing"], None)
    assert everything() == before


def test_new_data_after_a_bulk_undo_outdates_what_it_could_restore(house):
    reviewed(house.annotation, house.reviewer2)
    bulk = act(house, "undo", by="lead").bulk
    new_data(house)

    assert codes(undo(bulk, house.lead).refused) == ["changed_since"]


def test_the_verdict_of_somebody_who_left_comes_back_under_their_name(house):
    reviewed(house.annotation, house.reviewer2)
    bulk = act(house, "reject", include_decided=True).bulk
    members.remove(house.membership(house.reviewer2))
    type(house.reviewer2).objects.filter(pk=house.reviewer2.pk).update(is_active=False)

    report = undo(bulk, house.reviewer)

    assert report.restored == [house.annotation.pk]
    assert Review.objects.latest("id").created_by == house.reviewer2


def test_a_verdict_that_would_be_a_self_review_stays_away(house):
    reviewed(house.annotation, house.reviewer2)
    bulk = act(house, "reject", include_decided=True).bulk
    Annotation.objects.update(written_by=house.reviewer2)

    report = undo(bulk, house.reviewer)

    assert (codes(report.not_restored), report.restored) == (["own_annotation"], [])
    assert now(house).last_action == "deleted_review"


def test_ones_own_fix_comes_back_with_its_corrections(house):
    """The bulk accept only added a comment. Undoing it must not undo the fix."""
    fix = reviewed(house.annotation, house.reviewer, "fixed_and_accepted").review
    bulk = act(house, "accept", comment="Well done").bulk

    undo(bulk, house.reviewer)

    assert (now(house).last_action, now(house).result) == ("fixed_and_accepted", result("C"))
    assert set(Correction.objects.in_force().values_list("review", flat=True)) == {fix.pk}
    restored = Review.objects.get(restores=fix)
    AnnotationReviewService(house.reviewer).undo(restored)
    verdicts_checked()
    assert not Correction.objects.in_force().exists()


def test_a_restored_rejection_can_be_contested_and_counts_for_nobody(house):
    settings(house, default_reject_action="requeue")
    reviewed(house.annotation, house.reviewer2, "rejected")
    undo(act(house, "accept", include_decided=True).bulk, house.reviewer)

    AnnotationReviewService(house.annotator).contest(now(house), reason="It is an A")

    counts = disputes.counts_by_person(house.project)
    assert counts[house.annotator.pk].open == 1
    assert house.reviewer2.pk not in counts


def undone_and_reopened(service, house):
    service.undo(Review.objects.latest("id"))
    service.reopen(house.annotation)


def reopened(service, house):
    service.reopen(house.annotation)


def reopened_for_a_moment(service, house):
    service.reopen(house.annotation)
    service.undo_reopen(house.annotation)


@pytest.mark.parametrize(
    ("action", "meanwhile"),
    [("reopen", undone_and_reopened), ("reopen", reopened), ("undo", reopened_for_a_moment)],
)
def test_a_round_counts_once_however_often_it_comes_back(house, action, meanwhile):
    """The bulk action can be undone again, because its annotation is once more as it had left it."""
    reviewed(house.annotation, house.reviewer2, "rejected", reject_action="requeue")
    options = {} if action == "undo" else {"include_decided": True}
    bulk = act(house, action, by="lead", **options).bulk
    undo(bulk, house.lead)
    meanwhile(AnnotationReviewService(house.lead), house)
    verdicts_checked()

    report = undo(bulk, house.lead)

    assert report.restored == [house.annotation.pk]
    assert (now(house).rounds, Review.objects.filter(restores__isnull=False).count()) == (1, 2)
    assert_all_true(house.project)


def test_a_reviewer_brings_back_nothing_that_somebody_else_undid(house):
    reviewed(house.annotation, house.reviewer2)
    bulk = act(house, "undo", by="lead").bulk

    assert codes(undo(bulk, house.reviewer).refused) == ["not_your_review"]
