"""Rework over the wire: rounds, reopening and reasons for a selection, rounds that came with a file."""

import pytest

from reviews.models import Review
from tasks.models import Annotation
from tests import factories
from tests.exchange.importing.files import answer, load, review, task_of
from tests.factories import annotation, client_of, reviewed, task
from tests.reviews.steps import settings


def bulk(house, **body):
    work = [house.annotation.pk, annotation(task(house.project), house.annotator2).pk]
    return (
        client_of(house.reviewer)
        .post("/api/annotations/bulk-review/", {"annotations": work} | body, format="json")
        .json()
    )


def test_a_selection_is_rejected_for_a_reason(house):
    settings(house, reject_reasons=[{"code": "wide", "text": "Too wide"}])

    report = bulk(house, action="reject", reason="wide", reject_action="requeue")

    assert report["processed_items"] == 2
    assert set(Review.objects.values_list("reason", flat=True)) == {"wide"}
    assert set(Annotation.objects.values_list("rounds", flat=True)) == {1}


def test_an_unknown_reason_is_refused_for_each(house):
    report = bulk(house, action="reject", reason="late")

    assert [one["code"] for one in report["refused"]] == ["unknown_reason", "unknown_reason"]


@pytest.mark.parametrize("to", ["author", "anyone"])
def test_a_selection_is_reopened_to_its_authors_or_to_anyone(house, to):
    bulk(house, action="reopen", to=to)

    expected = {None} if to == "anyone" else {house.annotator.pk, house.annotator2.pk}
    assert set(Annotation.objects.values_list("returned_to", flat=True)) == expected


def test_capped_rounds_are_said_in_the_answer(house):
    settings(house, max_rounds=1)
    reviewed(house.annotation, house.reviewer, "rejected")
    client = client_of(house.annotator)
    client.patch(f"/api/annotations/{house.annotation.pk}/", {"result": factories.result("B")}, format="json")
    path = f"/api/annotations/{house.annotation.pk}/reject/"

    named = client_of(house.reviewer).post(path, {"reject_action": "requeue"})
    unnamed = client_of(house.reviewer).post(path, {})

    assert (named.status_code, named.json()["code"]) == (400, "rounds_capped")
    assert list(named.json()["validation_errors"]) == ["reject_action"]
    assert (unnamed.json()["review"]["reject_action"], unnamed.json()["rounds"]) == ("remove", 1)
    assert unnamed.json()["notice"].startswith("It has been sent back as often")


def test_rounds_come_with_a_file(db):
    sent_back = review(False, reject_action="requeue")
    taken_back = review(
        False, reject_action="requeue", created_at="2026-01-03T10:00:00Z", undone_at="2026-01-03T11:00:00Z"
    )
    ended = review(False, reject_action="remove")
    project = factories.project()

    load(
        [
            task_of(answer(last_action="rejected", reviews=[sent_back])),
            task_of(answer(reviews=[taken_back, ended])),
        ],
        project,
    )

    assert list(Annotation.objects.order_by("id").values_list("rounds", flat=True)) == [1, 0]
