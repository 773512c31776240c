"""The three verdict URLs and Label Studio's single endpoint: two ways to one service."""

import pytest

from reviews.models import Review
from tasks.models import History
from tests.factories import annotation, client_of, result, reviewed, skipped, task, undone

ACCEPT, REJECT, FIX = (
    ("accept", {}),
    ("reject", {"comment": "Look again"}),
    ("fix-and-accept", {"result": result("B")}),
)


def post(house, user, verb, body=None, **headers):
    return client_of(user).post(
        f"/api/annotations/{house.annotation.pk}/{verb}/", body or {}, headers=headers
    )


@pytest.mark.parametrize(
    ("verb", "body", "last_action", "counters"),
    [
        (*ACCEPT, "accepted", (True, 1, 0)),
        (*REJECT, "rejected", (False, 0, 1)),
        (*FIX, "fixed_and_accepted", (True, 1, 0)),
    ],
)
def test_verdict_answers_as_the_brief_says(house, verb, body, last_action, counters):
    answer = post(house, house.reviewer, verb, body)

    assert answer.status_code == 200
    assert answer.json()["id"] == house.annotation.pk
    assert answer.json()["last_action"] == last_action
    assert answer.json()["last_created_by"] == {"id": house.reviewer.pk, "email": "reviewer@example.org"}
    keys = ("reviewed", "reviews_accepted", "reviews_rejected")
    assert answer.json()["task"] == {"id": house.task.pk, **dict(zip(keys, counters, strict=True))}
    assert answer.json()["review"]["id"] == Review.objects.get().pk
    assert answer.json()["review"]["state"] == "standing"


def test_fix_answers_with_the_corrected_result(house):
    answer = post(house, house.reviewer, *FIX).json()

    assert answer["result"] == result("B")
    assert answer["version"] == 2


def test_verdict_is_the_same_without_the_trailing_slash(house):
    answer = client_of(house.reviewer).post(f"/api/annotations/{house.annotation.pk}/accept", {})

    assert answer.status_code == 200


def test_refusal_carries_code_detail_and_the_briefs_error(house):
    answer = post(house, house.annotator, "accept")

    assert answer.status_code == 403
    body = answer.json()
    assert body["code"] == "not_a_reviewer"
    assert body["error"] == body["detail"]
    assert not Review.objects.exists()


def test_own_annotation_is_refused(house):
    own = annotation(task(house.project), house.reviewer)

    answer = client_of(house.reviewer).post(f"/api/annotations/{own.pk}/accept/")

    assert (answer.status_code, answer.json()["code"]) == (403, "own_annotation")


def test_skipped_annotation_is_refused(house):
    other = skipped(task(house.project), house.annotator)

    answer = client_of(house.reviewer).post(f"/api/annotations/{other.pk}/accept/")

    assert (answer.status_code, answer.json()["code"]) == (400, "skipped")


def test_stranger_finds_no_annotation(house):
    assert post(house, house.stranger, "accept").status_code == 404


def test_required_comment_missing_names_the_field(house):
    house.project.require_review_comment_on_reject = True
    house.project.save()

    answer = post(house, house.reviewer, "reject")

    assert answer.status_code == 400
    assert answer.json()["code"] == "comment_required"
    assert list(answer.json()["validation_errors"]) == ["comment"]


def test_comment_sent_just_before_satisfies_the_rule(house):
    house.project.require_review_comment_on_reject = True
    house.project.save()
    client = client_of(house.reviewer)
    client.post("/api/comments/", {"annotation": house.annotation.pk, "text": "Too wide"})

    answer = client.post(
        "/api/annotation-reviews/", {"annotation": house.annotation.pk, "accepted": False, "comment": None}
    )

    assert answer.status_code == 201
    assert Review.objects.get().comment == "Too wide"


def test_fix_without_result_names_the_field(house):
    answer = post(house, house.reviewer, "fix-and-accept")

    assert answer.status_code == 400
    assert list(answer.json()["validation_errors"]) == ["result"]


def test_fix_with_unknown_label_is_refused(house):
    answer = post(house, house.reviewer, "fix-and-accept", {"result": result("Z")})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_result")


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ({"accepted": True}, "accepted"),
        ({"accepted": True, "result": None}, "accepted"),
        ({"accepted": True, "result": result("B")}, "fixed_and_accepted"),
        # Sent along without a change: a client always sends what its editor holds.
        ({"accepted": True, "result": [result("A")[0] | {"origin": "manual-changed"}]}, "accepted"),
        ({"accepted": False}, "rejected"),
        ({}, "rejected"),
    ],
)
def test_one_door_takes_every_verdict(house, body, verdict):
    answer = client_of(house.reviewer).post(
        "/api/annotation-reviews/", {"annotation": house.annotation.pk} | body
    )

    assert answer.status_code == 201
    assert answer.json()["verdict"] == verdict
    assert "comment" not in answer.json()


def test_a_result_in_another_order_is_accepted_without_a_fix(house):
    pages = [result(letter)[0] | {"item_index": page} for page, letter in enumerate("AB")]
    house.annotation = annotation(house.task, house.annotator2, result=pages)
    body = {"annotation": house.annotation.pk, "accepted": True, "result": pages[::-1]}

    answer = client_of(house.reviewer).post("/api/annotation-reviews/", body)

    assert (answer.status_code, answer.json()["verdict"]) == (201, "accepted")
    assert answer.json()["fixed_annotation_history"] is None
    assert History.objects.filter(annotation=house.annotation).versions().count() == 1


def test_a_fix_sent_twice_to_the_one_door_is_one_review(house):
    body = {"annotation": house.annotation.pk, "accepted": True, "result": result("B")}
    client = client_of(house.reviewer)

    first, again = (client.post("/api/annotation-reviews/", body).json() for _ in range(2))

    assert (first["verdict"], again["id"]) == ("fixed_and_accepted", first["id"])


@pytest.mark.parametrize(("older", "action"), [(True, "remove"), (False, "requeue")])
def test_older_form_of_the_reject_action_is_understood(house, older, action):
    body = {"annotation": house.annotation.pk, "accepted": False, "remove_from_queue": older}

    answer = client_of(house.reviewer).post("/api/annotation-reviews/", body)

    assert answer.json()["reject_action"] == action


def test_repeat_answers_as_the_first_did(house):
    client = client_of(house.reviewer)
    first = client.post("/api/annotation-reviews/", {"annotation": house.annotation.pk, "accepted": True})
    second = client.post("/api/annotation-reviews/", {"annotation": house.annotation.pk, "accepted": True})

    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert Review.objects.count() == 1


def test_undo_is_a_delete_and_may_be_repeated(house):
    decision = reviewed(house.annotation, house.reviewer)
    client = client_of(house.reviewer)

    codes = [client.delete(f"/api/annotation-reviews/{decision.review.pk}/").status_code for _ in range(2)]

    assert codes == [204, 204]
    house.annotation.refresh_from_db()
    assert house.annotation.last_action == "deleted_review"


def test_lists_omit_undone_reviews_unless_asked(house):
    decision = reviewed(house.annotation, house.reviewer)
    client = client_of(house.reviewer)
    client.delete(f"/api/annotation-reviews/{decision.review.pk}/")

    url = f"/api/annotation-reviews/?annotation={house.annotation.pk}"
    assert client.get(url).json() == []
    assert [r["state"] for r in client.get(url + "&include_undone=true").json()] == ["undone"]


def test_changed_review_supersedes(house):
    decision = reviewed(house.annotation, house.reviewer)

    answer = client_of(house.reviewer).patch(
        f"/api/annotation-reviews/{decision.review.pk}/", {"accepted": False}
    )

    assert answer.status_code == 200
    assert answer.json()["supersedes"] == decision.review.pk
    assert answer.json()["verdict"] == "rejected"


def test_only_a_standing_review_is_changed(house):
    decision = reviewed(house.annotation, house.reviewer)
    undone(decision, house.reviewer)

    answer = client_of(house.reviewer).patch(
        f"/api/annotation-reviews/{decision.review.pk}/", {"accepted": False}
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "not_standing")
    assert answer.json()["detail"] == "This verdict is undone. Only a standing verdict can be changed."
    assert Review.objects.count() == 1


@pytest.mark.parametrize("role", ["annotator", "reviewer", "lead"])
def test_patch_never_moves_review_state(house, role):
    before = (house.annotation.last_action, house.annotation.standing_review_id)
    body = {
        "last_action": "accepted",
        "standing_review_id": 1,
        "redistributed": True,
        "returned_at": "2026-01-01T00:00:00Z",
    }

    answer = client_of(getattr(house, role)).patch(f"/api/annotations/{house.annotation.pk}/", body)

    assert answer.status_code == 200
    house.annotation.refresh_from_db()
    assert (house.annotation.last_action, house.annotation.standing_review_id) == before
    assert not house.annotation.redistributed
    assert house.annotation.returned_at is None


def test_stale_if_match_shows_the_current_annotation(house):
    reviewed(house.annotation, house.reviewer)

    answer = post(house, house.reviewer2, "reject", if_match='"1"')

    assert answer.status_code == 412
    assert answer.json()["code"] == "stale"
    assert answer.json()["current"]["last_action"] == "accepted"
    assert answer["ETag"] == '"2"'


def test_stale_version_is_refused(house):
    seen = house.annotation.current_version_id
    client_of(house.annotator).patch(f"/api/annotations/{house.annotation.pk}/", {"result": result("B")})

    answer = post(house, house.reviewer, "accept", {"last_annotation_history": seen})

    assert (answer.status_code, answer.json()["code"]) == (400, "stale")


def test_history_tells_what_happened_newest_first(house):
    reviewed(house.annotation, house.reviewer, comment="Good")

    rows = client_of(house.reviewer).get(f"/api/annotation-history/?annotation={house.annotation.pk}").json()

    assert [(row["action"], row["result"], row["comment"]) for row in rows] == [
        ("accepted", result("A"), "Good"),
        ("submitted", result("A"), ""),
    ]
    assert rows[0]["id"] == History.objects.first().pk


def test_reopen_and_its_undo(house):
    reviewed(house.annotation, house.reviewer)
    client = client_of(house.reviewer)
    url = f"/api/annotations/{house.annotation.pk}/reopen/"

    opened = client.post(url, {"comment": "The guideline has changed"})
    closed = client.delete(url)

    assert (opened.status_code, closed.status_code) == (200, 200)
    assert opened.json()["returned_at"] is not None
    assert closed.json()["returned_at"] is None


def test_bulk_reports_what_was_refused_and_can_be_undone(house):
    other = skipped(task(house.project), house.annotator)
    client = client_of(house.reviewer)

    report = client.post(
        "/api/annotations/bulk-review/", {"action": "accept", "annotations": [house.annotation.pk, other.pk]}
    ).json()
    undone = client.post(f"/api/bulk-reviews/{report['id']}/undo/").json()

    assert report["done"] == [house.annotation.pk]
    assert [(r["annotation"], r["code"]) for r in report["refused"]] == [(other.pk, "skipped")]
    assert undone["done"] == [house.annotation.pk]


def test_bulk_of_another_size_than_expected_is_refused(house):
    body = {"action": "accept", "annotations": [house.annotation.pk], "expected_count": 2}

    answer = client_of(house.reviewer).post("/api/annotations/bulk-review/", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "selection_changed")
    assert not Review.objects.exists()


def test_annotation_says_who_may_do_what(house):
    body = client_of(house.reviewer).get(f"/api/annotations/{house.annotation.pk}/").json()
    own = client_of(house.annotator).get(f"/api/annotations/{house.annotation.pk}/").json()

    assert body["can_be_reviewed"] is True
    assert body["allowed_actions"] == [
        "accept",
        "reject",
        "fix_and_accept",
        "reopen",
        "edit",
        "skip",
        "delete",
    ]
    assert body["refusals"]["undo"]["code"] == "not_standing"
    assert own["can_be_reviewed"] is False
    assert own["refusals"].pop("contest")["code"] == "not_rejected"
    assert {refusal["code"] for refusal in own["refusals"].values()} == {"not_a_reviewer"}


def test_bulk_reopen_can_be_undone(house):
    client = client_of(house.reviewer)
    report = client.post(
        "/api/annotations/bulk-review/", {"action": "reopen", "annotations": [house.annotation.pk]}
    ).json()

    undone = client.post(f"/api/bulk-reviews/{report['id']}/undo/").json()
    again = client.post(f"/api/bulk-reviews/{report['id']}/undo/").json()

    assert undone["done"] == [house.annotation.pk]
    assert [refusal["code"] for refusal in again["refused"]] == ["not_reopened"]
    assert client.get(f"/api/annotations/{house.annotation.pk}/").json()["returned_at"] is None
