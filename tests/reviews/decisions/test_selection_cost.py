"""The number of queries does not depend on the size of a selection."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from reviews.service import AnnotationReviewService
from tests.factories import annotation, task


def questions(house, size: int) -> int:
    chosen = [annotation(task(house.project), house.annotator) for _ in range(size)]
    with CaptureQueriesContext(connection) as queries:
        report = AnnotationReviewService(house.reviewer).reject_many(chosen, reject_action="requeue")
    assert len(report.done) == size
    return len(queries)


def test_rejecting_three_needs_as_many_queries_as_rejecting_one(house):
    questions(house, 1)  # caches

    assert questions(house, 1) == questions(house, 3)
