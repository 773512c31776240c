"""Bulk decisions, and undoing them."""

import pytest

from reviews import events
from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tasks.services import annotations
from tests import factories
from tests.factories import reviewed, undone, verdicts_checked
from tests.reviews.steps import kinds
from tests.snapshots import everything, refused

pytestmark = pytest.mark.usefixtures("adds_up")


@pytest.fixture
def selection(house) -> list[Annotation]:
    """One of annotator, one of the reviewer's own, one skipped, one accepted by reviewer2, one deleted."""
    own = factories.annotation(factories.task(house.project), house.reviewer)
    skipped = factories.skipped(factories.task(house.project), house.annotator)
    accepted = factories.annotation(factories.task(house.project), house.annotator)
    reviewed(accepted, house.reviewer2)
    deleted = factories.annotation(factories.task(house.project), house.annotator)
    annotations.delete(deleted.pk, actor=house.annotator)
    return [house.annotation, own, skipped, accepted, deleted]


def said(report) -> dict[int, str]:
    return {annotation.pk: refusal.code for annotation, refusal in report.refused}


def test_a_selection_is_decided_where_allowed_and_reported_where_not(house, selection, emitted):
    first, own, skipped, accepted, _ = selection
    emitted.clear()

    report = AnnotationReviewService(house.reviewer).accept_many(selection)

    verdicts_checked()
    assert [a.pk for a in report.done] == [first.pk]
    assert said(report) == {
        own.pk: "own_annotation",
        skipped.pk: "skipped",
        accepted.pk: "already_decided",
    }
    assert report.not_found == [selection[4].pk]
    assert list(report.bulk.reviews.values_list("annotation", flat=True)) == [first.pk]
    assert kinds(emitted).count(events.REVIEWS_CREATED) == 1


def test_repeating_a_bulk_decision_writes_nothing(house, selection):
    service = AnnotationReviewService(house.reviewer)
    service.accept_many(selection)
    before = Review.objects.count()

    again = service.accept_many(selection)

    assert (Review.objects.count(), again.bulk, len(again.done)) == (before, None, 1)


def test_undo_of_a_selection_undoes_own_verdicts_only(house, selection):
    first, own, skipped, accepted, _ = selection
    reviewed(first, house.reviewer)

    report = AnnotationReviewService(house.reviewer).undo_many(selection)

    verdicts_checked()
    assert [a.pk for a in report.done] == [first.pk]
    assert said(report) == {
        own.pk: "not_standing",
        skipped.pk: "not_standing",
        accepted.pk: "not_your_review",
    }


def test_reopen_of_a_selection(house, selection):
    report = AnnotationReviewService(house.reviewer).reopen_many(
        selection, comment="New guideline", include_decided=True
    )

    verdicts_checked()
    assert [a.pk for a in report.done] == [selection[0].pk, selection[2].pk, selection[3].pk]
    assert Annotation.objects.exclude(returned_at=None).count() == 3


def test_an_empty_selection_is_refused(house):
    with refused("nothing_selected"):
        AnnotationReviewService(house.reviewer).accept_many([])


def test_a_selection_is_of_one_project(house):
    far = factories.project()
    there = factories.annotation(factories.task(far), far.created_by)

    with refused("mixed_projects"):
        AnnotationReviewService(house.admin).accept_many([house.annotation, there])


@pytest.fixture
def bulk(house):
    """Three annotations rejected by `lead` at once."""
    work = [
        house.annotation,
        *(factories.annotation(factories.task(house.project), house.annotator) for _ in range(2)),
    ]
    report = AnnotationReviewService(house.lead).reject_many(work, reject_action="remove")
    verdicts_checked()
    return report.bulk


def test_undo_bulk_undoes_what_still_stands_and_lists_the_rest(house, bulk):
    one, two, three = (review.annotation for review in bulk.reviews.order_by("id"))
    newer = reviewed(two, house.lead).review
    reviewed(three, house.reviewer2)
    undone(reviewed(three, house.reviewer), house.reviewer)

    report = AnnotationReviewService(house.lead).undo_bulk(bulk)

    verdicts_checked()
    assert [a.pk for a in report.done] == [one.pk]
    assert said(report) == {two.pk: "not_standing", three.pk: "not_standing"}
    assert Review.objects.get(pk=newer.pk).state == "standing"


def test_undo_bulk_twice_finds_nothing_left(house, bulk):
    service = AnnotationReviewService(house.lead)
    service.undo_bulk(bulk)
    before = everything()

    again = service.undo_bulk(bulk)

    assert (again.done, again.refused) == ([], [])
    assert everything() == before
