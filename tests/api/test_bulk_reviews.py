"""Rework over the wire: rounds, reopening and reasons for a selection, rounds that came with a file."""

import json

import pytest

from reviews.models import Review
from tasks.models import Annotation
from tests import factories
from tests.exchange.importing.files import answer, load, review, task_of
from tests.factories import annotation, client_of, reviewed, task
from tests.reviews.steps import settings
from tests.snapshots import everything


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


# --- manners -----------------------------------------------------------------------------------------


URL = "/api/annotations/bulk-review/"


@pytest.fixture
def selection(house):
    """One to decide, one decided by reviewer2, one of the reviewer's own, one in another project, none."""
    decided = annotation(task(house.project), house.annotator2)
    reviewed(decided, house.reviewer2)
    own = annotation(task(house.project), house.reviewer)
    far = factories.project()
    other = annotation(task(far), far.created_by)
    return [house.annotation.pk, decided.pk, own.pk, other.pk, 10**9]


def test_a_dry_run_says_what_would_happen_and_writes_nothing(house, selection):
    before = everything()

    body = client_of(house.reviewer).post(
        URL, {"action": "accept", "annotations": selection, "dry_run": True}, format="json"
    )

    first, decided, own, *unseen = selection
    assert body.json() == {
        "id": None,
        "action": "accept",
        "dry_run": True,
        "detail": "1 of 5 annotations would be accepted. Would be left alone: 2 not found, "
        "1 already decided by others, 1 of your own work.",
        "processed_items": 1,
        "done": [first],
        "refused": [
            {
                "annotation": decided,
                "code": "already_decided",
                "detail": "Somebody else has decided this already. It is left alone unless decided ones are "
                "included.",
            },
            {
                "annotation": own,
                "code": "own_annotation",
                "detail": "This is your own work: somebody else has to review it.",
            },
        ],
        "reasons": {"already_decided": 1, "own_annotation": 1},
        "not_found": unseen,
        "replaced": [],
        "restored": [],
        "not_restored": [],
        "job": None,
    }
    assert everything() == before


def test_a_bulk_reject_replaces_the_verdicts_of_others_on_request_and_its_undo_restores_them(
    house, selection
):
    client = client_of(house.reviewer)
    asked = {"action": "reject", "annotations": selection, "include_decided": True}

    report = client.post(URL, asked, format="json").json()
    url = f"/api/bulk-reviews/{report['id']}/undo/"
    would = client.post(url, {"dry_run": True}, format="json").json()
    undone = client.post(url).json()

    first, decided, own, *unseen = selection
    assert (report["done"], report["replaced"], report["not_found"]) == ([first, decided], [decided], unseen)
    assert would["restored"] == undone["restored"] == [decided]
    assert (would["id"], undone["detail"]) == (None, "Undone: 2. Earlier verdicts restored: 1.")
    new, _, old = client.get(f"/api/annotation-reviews/?annotation={decided}&include_undone=true").json()
    assert (new["restores"], new["state"], new["created_by"]) == (old["id"], "standing", house.reviewer2.pk)
    (row, *_) = client.get(f"/api/annotation-history/?annotation={decided}").json()
    assert (row["action"], row["restores"], row["created_by"]) == ("accepted", old["id"], house.reviewer.pk)
    export = client_of(house.lead).get(f"/api/projects/{house.project.pk}/export?exportType=JSON")
    exported = json.loads(b"".join(export.streaming_content))
    reviews = [r for t in exported for a in t["annotations"] if a["id"] == decided for r in a["reviews"]]
    assert [r["restores"] for r in reviews] == [old["id"], None, None]


@pytest.mark.parametrize("action", ["accept", "reject", "undo", "reopen"])
def test_a_bulk_action_of_somebody_who_may_not_leaves_no_row(house, action):
    before = everything()

    body = client_of(house.annotator).post(
        URL, {"action": action, "annotations": [house.annotation.pk]}, format="json"
    )

    assert (body.json()["id"], body.json()["reasons"]) == (None, {"not_a_reviewer": 1})
    assert everything() == before


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
