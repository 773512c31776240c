"""Bulk actions at the same time as others, in real threads: one verdict stands, nothing is lost unseen."""

import pytest

from reviews.decisions.request import BulkAction
from reviews.models import BulkReview, Review
from reviews.service import AnnotationReviewService
from tasks.models import Annotation
from tests import factories
from tests.factories import reviewed
from tests.parallel import one_waits_for_another, together
from tests.snapshots import assert_all_true

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 12


@pytest.fixture
def work(house) -> list[int]:
    made = [factories.annotation(factories.task(house.project), house.annotator) for _ in range(NUMBER)]
    return [one.pk for one in made]


def bulk(by, ids: list[int], action: str = "accept", **options):
    return lambda: AnnotationReviewService(by).perform_many(ids, BulkAction.of(action, **options))


def test_two_bulks_over_overlapping_selections_decide_each_annotation_once(house, work):
    """In opposite orders, which would deadlock if the rows were not locked by id."""
    first, second = work[:8], work[4:][::-1]

    one, other = together([bulk(house.reviewer, first), bulk(house.reviewer2, second, "reject")])

    done = [a.pk for a in one.done] + [a.pk for a in other.done]
    assert sorted(done) == work
    refused = [*one.refused, *other.refused]
    assert sorted(a.pk for a, _ in refused) == work[4:8]
    assert {refusal.code for _, refusal in refused} == {"already_decided"}
    assert Review.objects.count() == NUMBER
    assert_all_true(house.project)


def test_two_bulks_that_include_decided_ones_supersede_each_other(house, work):
    options = {"include_decided": True}

    one, other = together(
        [bulk(house.reviewer, work, **options), bulk(house.reviewer2, work[::-1], "reject", **options)]
    )

    assert (len(one.done), len(other.done)) == (NUMBER, NUMBER)
    # Whoever came second knows it.
    assert sorted([len(one.replaced), len(other.replaced)]) == [0, NUMBER]
    assert Review.objects.standing().count() == NUMBER
    assert_all_true(house.project)


@pytest.mark.parametrize("include_decided", [False, True])
def test_a_bulk_waits_for_a_single_decision_and_then_sees_it(house, work, include_decided):
    waited = one_waits_for_another(
        lambda: AnnotationReviewService(house.reviewer2).accept(work[3]),
        bulk(house.reviewer, work, "reject", include_decided=include_decided),
    )

    report = waited.result()
    assert (len(report.done), report.replaced) == (
        (NUMBER, [work[3]]) if include_decided else (NUMBER - 1, [])
    )
    assert Annotation.objects.get(pk=work[3]).last_action == ("rejected" if include_decided else "accepted")
    assert_all_true(house.project)


def test_an_undo_waits_for_a_single_decision_and_leaves_it(house, work):
    reviewed(Annotation.objects.get(pk=work[0]), house.reviewer2)
    made = bulk(house.reviewer, work, "reject", include_decided=True)().bulk

    waited = one_waits_for_another(
        lambda: AnnotationReviewService(house.lead).accept(work[0]),
        lambda: AnnotationReviewService(house.reviewer).undo_bulk(made),
    )

    report = waited.result()
    assert ([a.pk for a, _ in report.refused], report.restored) == ([work[0]], [])
    assert Review.objects.get(annotation=work[0], created_by=house.lead).state == "standing"
    assert_all_true(house.project)


def test_one_undo_sent_many_times_at_once_restores_once(house, work):
    for pk in work:
        reviewed(Annotation.objects.get(pk=pk), house.reviewer2)
    made = bulk(house.reviewer, work, "reject", include_decided=True)().bulk

    reports = together(
        [lambda: AnnotationReviewService(house.reviewer).undo_bulk(BulkReview.objects.get(pk=made.pk))] * 6
    )

    assert sorted(len(report.restored) for report in reports) == [0] * 5 + [NUMBER]
    assert Review.objects.exclude(restores=None).count() == NUMBER
    assert BulkReview.objects.count() == 2
    assert_all_true(house.project)


def test_a_bulk_and_the_undo_of_another_leave_a_whole_history(house, work):
    for pk in work:
        reviewed(Annotation.objects.get(pk=pk), house.reviewer2)
    made = bulk(house.reviewer, work, "reject", include_decided=True)().bulk

    undone, again = together(
        [
            lambda: AnnotationReviewService(house.reviewer).undo_bulk(made),
            bulk(house.lead, work[::-1], include_decided=True),
        ]
    )

    assert len(again.done) == NUMBER
    assert len(undone.restored) in (0, NUMBER)
    assert set(Annotation.objects.filter(pk__in=work).values_list("last_created_by", flat=True)) == {
        house.lead.pk if len(undone.restored) == 0 or again.replaced else house.reviewer2.pk
    }
    assert_all_true(house.project)
