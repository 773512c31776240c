"""The verdict, its reviewer and reason, and the newest comment in lists; totals; long values."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from api.serializers.cut import LIMIT, MARK
from reviews import comments
from reviews.models import Review
from reviews.service import AnnotationReviewService
from tests.factories import annotation, client_of, reviewed, task


@pytest.fixture
def decided(house) -> Any:
    house.project.reject_reasons = [{"code": "blurry", "text": "It is blurry"}]
    house.project.save()
    asked = {"reject_action": "requeue", "reason": "blurry", "comment": "Look at the tail"}
    reviewed(house.annotation, house.reviewer, "rejected", **asked)
    return Review.objects.get()


def rows_of(house, user) -> dict[str, Any]:
    """The same annotation in every list that has it."""
    client, pk = client_of(user), house.annotation.pk
    return {
        "annotations": client.get(f"/api/annotations/?ids={pk}").json()["results"][0],
        "task": client.get(f"/api/tasks/{house.task.pk}/annotations/").json()[0],
        "full": client.get(f"/api/tasks/?ids={house.task.pk}&fields=all").json()["tasks"][0]["annotations"][
            0
        ],
    }


def test_lists_say_what_was_decided_and_said(house, decided):
    comment = comments.create(house.annotation, "Better now?", actor=house.annotator)

    rows = rows_of(house, house.reviewer2)

    review = {
        "id": decided.pk,
        "annotation": house.annotation.pk,
        "verdict": "rejected",
        "created_by": house.reviewer.pk,
        "created_at": decided.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reject_action": "requeue",
        "reason": "blurry",
        "comment": "Look at the tail",
    }
    newest = {
        "id": comment.pk,
        "annotation": house.annotation.pk,
        "text": "Better now?",
        "is_resolved": False,
        "created_by": house.annotator.pk,
        "created_at": comment.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    assert {name: row["standing_review"] for name, row in rows.items()} == dict.fromkeys(rows, review)
    assert {name: row["newest_comment"] for name, row in rows.items()} == dict.fromkeys(rows, newest)
    listed = client_of(house.reviewer2).get(f"/api/tasks/?ids={house.task.pk}").json()["tasks"][0]
    assert (listed["standing_reviews"], listed["newest_comment"]) == ([review], newest)


def test_the_author_reads_the_verdict_without_its_reviewer(house, decided):
    house.project.show_reviewer_names = False
    house.project.save()

    rows = rows_of(house, house.annotator)
    listed = client_of(house.annotator).get("/api/tasks/").json()["tasks"][0]

    for review in [*(row["standing_review"] for row in rows.values()), *listed["standing_reviews"]]:
        assert (review["created_by"], review["reason"], review["comment"]) == (
            None,
            "blurry",
            "Look at the tail",
        )
    assert listed["newest_comment"]["created_by"] is None


def test_others_are_told_nothing(house, decided):
    listed = client_of(house.annotator2).get("/api/tasks/").json()["tasks"][0]

    assert (listed["standing_reviews"], listed["newest_comment"]) == ([], None)


def test_who_rejected_is_hidden_from_who_may_decide_the_dispute(house, decided):
    AnnotationReviewService(house.annotator).contest(house.annotation, reason="It is sharp")

    listed = client_of(house.reviewer2).get("/api/tasks/").json()["tasks"][0]

    assert [review["created_by"] for review in listed["standing_reviews"]] == [None]
    assert listed["newest_comment"]["created_by"] is None
    assert rows_of(house, house.reviewer2)["annotations"]["standing_review"]["created_by"] is None


def test_reviewers_read_pseudonyms_where_people_are_hidden(house, decided):
    house.project.anonymize_annotations = True
    house.project.save()

    rows = rows_of(house, house.reviewer2)

    names = {row["standing_review"]["created_by"] for row in rows.values()}
    assert len(names) == 1 and house.reviewer.pk not in names


@pytest.mark.parametrize("path", ["/api/annotations/", "/api/tasks/", "/api/tasks/?fields=all"])
def test_lists_take_as_many_statements_for_three_as_for_one(house, decided, path):
    client, counts = client_of(house.lead), []
    client.get(path)  # notes that its token was used
    for number in (0, 1, 2):
        with CaptureQueriesContext(connection) as statements:
            assert client.get(path).status_code == 200
        counts.append(len(statements))
        more = annotation(task(house.project, text=str(number)), house.annotator)
        comments.create(more, "Hm", actor=house.reviewer)
        reviewed(more, house.reviewer)

    assert counts[0] == counts[1] == counts[2]


def test_totals_are_of_the_list_and_not_of_the_page(house):
    for number in range(4):
        annotation(task(house.project, text=f"many {number}"), house.annotator)
    annotation(house.task, house.annotator2)
    page = "/api/tasks/?page_size=2&reviews_accepted=0"

    def totals(user, page=page):
        body = client_of(user).get(page).json()
        return body["total"], body["total_annotations"]

    assert totals(house.lead) == totals(house.lead, page + "&page=3") == (5, 6)
    assert totals(house.lead, "/api/tasks/?page_size=2&search=many") == (4, 4)
    assert totals(house.annotator2, "/api/tasks/?page_size=2&ordering=id") == (5, 1)


def test_a_cut_value_is_not_written_over_the_whole_one(house):
    words, lead = "word " * LIMIT, client_of(house.lead)
    made = task(house.project, text="A", words=words)
    shown = lead.get(f"/api/tasks/?ids={made.pk}").json()["tasks"][0]["data"]

    refused = lead.patch(f"/api/tasks/{made.pk}/", {"data": shown | {"text": "B"}})
    changed = lead.patch(f"/api/tasks/{made.pk}/", {"data": {"text": "B", "words": words}})

    assert (refused.status_code, refused.json()["code"]) == (400, "cut_value")
    assert refused.json()["validation_errors"]["data"][0].startswith("words: this is only the beginning")
    assert (changed.status_code, changed.json()["data"]) == (200, {"text": "B", "words": words})


def test_long_values_are_cut_in_lists_and_whole_elsewhere(house):
    data = {
        "text": "short",
        "image": "data:image/png;base64," + "A" * 9000,
        "words": [["word", number] for number in range(2000)],
        "map": {f"key{number}": "v" * 100 for number in range(200)},
        "exact": "x" * LIMIT,
    }
    made = task(house.project, **data)
    client = client_of(house.lead)

    row = client.get(f"/api/tasks/?ids={made.pk}").json()["tasks"][0]
    full = client.get(f"/api/tasks/?ids={made.pk}&fields=all").json()["tasks"][0]
    one = client.get(f"/api/tasks/{made.pk}/").json()

    assert row["cut"] == ["image", "map", "words"]
    assert row["data"]["image"] == data["image"][:LIMIT] + MARK
    assert row["data"]["words"][:2] == [["word", 0], ["word", 1]] and row["data"]["words"][-1] == MARK
    assert all(len(str(value)) < 2 * LIMIT for value in row["data"].values())
    assert (row["data"]["text"], row["data"]["exact"]) == ("short", data["exact"])
    assert full["data"] == one["data"] == data
