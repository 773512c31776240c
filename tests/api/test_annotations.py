"""Annotators at work over REST: submit, edit, skip, drafts."""

import pytest

from reviews.models import Review
from reviews.service import AnnotationReviewService
from tasks.errors import Refused
from tasks.models import Annotation, Draft, History, Project
from tasks.services import annotations
from tests.factories import annotation, build_house, client_of, result, reviewed, task


def test_annotator_submits_an_annotation(house):
    other = task(house.project)

    answer = client_of(house.annotator).post(
        f"/api/tasks/{other.pk}/annotations/", {"result": result("B"), "lead_time": 3.5}
    )

    assert answer.status_code == 201
    body = answer.json()
    assert (body["last_action"], body["completed_by"], body["version"]) == (
        "submitted",
        house.annotator.pk,
        1,
    )
    assert answer["ETag"] == '"1"'


def test_completed_by_is_honoured_for_managers_only(house):
    other, body = task(house.project), {"result": result(), "completed_by": house.annotator2.pk}

    by_annotator = client_of(house.annotator).post(f"/api/tasks/{other.pk}/annotations/", body).json()
    by_lead = client_of(house.lead).post(f"/api/tasks/{other.pk}/annotations/", body).json()

    assert by_annotator["completed_by"] == house.annotator.pk
    assert by_lead["completed_by"] == house.annotator2.pk
    assert Annotation.objects.get(pk=by_lead["id"]).written_by == house.lead


def test_skip_is_an_annotation_that_was_cancelled(house):
    other = task(house.project)

    body = (
        client_of(house.annotator)
        .post(f"/api/tasks/{other.pk}/annotations/", {"result": [], "was_cancelled": True})
        .json()
    )

    assert body["last_action"] == "skipped"
    other.refresh_from_db()
    assert (other.total_annotations, other.cancelled_annotations) == (0, 1)


def test_edit_makes_a_version_and_outdates_the_verdict_of_a_rework(house):
    reviewed(house.annotation, house.reviewer, "rejected")

    answer = client_of(house.annotator).patch(
        f"/api/annotations/{house.annotation.pk}/", {"result": result("B")}
    )

    assert (answer.json()["version"], answer.json()["last_action"]) == (2, "updated")
    assert Review.objects.get().annotation.standing_review_id is None


def test_author_is_locked_out_while_a_verdict_stands(house):
    reviewed(house.annotation, house.reviewer)
    client = client_of(house.annotator)
    url = f"/api/annotations/{house.annotation.pk}/"

    answers = [
        client.patch(url, {"result": result("B")}),
        client.delete(url),
        client.post(url + "convert-to-draft/"),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(403, "locked_by_verdict")] * 3


def test_other_annotators_work_is_not_visible(house):
    client = client_of(house.annotator2)

    assert client.get(f"/api/annotations/{house.annotation.pk}/").status_code == 404
    assert client.patch(f"/api/annotations/{house.annotation.pk}/", {"result": []}).status_code == 404
    assert client.get(f"/api/tasks/{house.task.pk}/annotations/").json() == []


def test_draft_becomes_an_annotation_and_is_gone(house):
    other, client = task(house.project), client_of(house.annotator)
    draft = client.post(f"/api/tasks/{other.pk}/drafts/", {"result": result("B"), "lead_time": 2}).json()
    client.patch(f"/api/drafts/{draft['id']}/", {"result": result("C")})

    answer = client.post(
        f"/api/tasks/{other.pk}/annotations/", {"result": result("C"), "draft_id": draft["id"]}
    )

    assert answer.status_code == 201
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "tasks/{none}/drafts/",
        "tasks/{task}/annotations/{none}/drafts/",
        "tasks/{none}/annotations/{none}/drafts/",
    ],
)
def test_drafts_of_what_is_not_there_are_404(house, path):
    url = "/api/" + path.format(task=house.task.pk, none=2**40)

    assert client_of(house.annotator).get(url).status_code == 404


def test_what_was_said_on_a_draft_is_read_by_the_reviewer_of_what_it_became(house):
    other, client = task(house.project), client_of(house.annotator)
    draft = client.post(f"/api/tasks/{other.pk}/drafts/", {"result": result("B")}).json()
    said = client.post("/api/comments/", {"draft": draft["id"], "text": "Not sure about this"}).json()

    made = client.post(
        f"/api/tasks/{other.pk}/annotations/", {"result": result("B"), "draft_id": draft["id"]}
    ).json()

    listed = client_of(house.reviewer).get(f"/api/comments/?annotation={made['id']}").json()
    assert [(row["id"], row["text"]) for row in listed] == [(said["id"], "Not sure about this")]


def test_draft_submitted_twice_is_one_annotation(house):
    other, client = task(house.project), client_of(house.annotator)
    draft = client.post(f"/api/tasks/{other.pk}/drafts/", {"result": result("B")}).json()
    body = {"result": result("B"), "draft_id": draft["id"]}

    first, second = (client.post(f"/api/tasks/{other.pk}/annotations/", body) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert Annotation.objects.filter(task=other).count() == 1


def test_draft_is_seen_by_its_author_only(house):
    draft = (
        client_of(house.annotator).post(f"/api/tasks/{house.task.pk}/drafts/", {"result": result("B")}).json()
    )

    assert client_of(house.lead).get(f"/api/drafts/{draft['id']}/").status_code == 404


def test_draft_begun_on_an_older_version_is_kept_and_refused(house):
    client = client_of(house.annotator)
    draft = client.post(
        f"/api/tasks/{house.task.pk}/annotations/{house.annotation.pk}/drafts/", {"result": result("C")}
    ).json()
    client_of(house.reviewer).patch(f"/api/annotations/{house.annotation.pk}/", {"result": result("B")})

    answer = client.patch(
        f"/api/annotations/{house.annotation.pk}/", {"result": result("C"), "draft_id": draft["id"]}
    )

    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert Draft.objects.filter(pk=draft["id"]).exists()


def test_completed_by_names_somebody_the_manager_may_know_of(house):
    client, body = client_of(house.lead), {"result": result(), "completed_by": house.stranger.pk}

    answers = [
        client.post(f"/api/tasks/{house.task.pk}/annotations/", body),
        client.patch(f"/api/annotations/{house.annotation.pk}/", body),
        client.patch(f"/api/annotations/{house.annotation.pk}/", {"completed_by": 10**9}),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(400, "unknown_person")] * 3


def test_completed_by_of_null_changes_no_author(house):
    answer = client_of(house.lead).patch(f"/api/annotations/{house.annotation.pk}/", {"completed_by": None})

    assert (answer.status_code, answer.json()["completed_by"]) == (200, house.annotator.pk)


@pytest.mark.django_db(transaction=True)
def test_edit_out_of_a_draft_is_a_transaction_of_its_own():
    house = build_house()
    client, url = client_of(house.annotator), f"/api/annotations/{house.annotation.pk}/"
    draft = client.post(
        f"/api/tasks/{house.task.pk}/annotations/{house.annotation.pk}/drafts/", {"result": result("C")}
    ).json()

    answer = client.patch(url, {"result": result("C"), "draft_id": draft["id"]})

    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert not Draft.objects.exists()


def test_edit_of_no_result_leaves_the_draft_alone(house):
    client = client_of(house.annotator)
    client.post(
        f"/api/tasks/{house.task.pk}/annotations/{house.annotation.pk}/drafts/", {"result": result("C")}
    )

    client.patch(f"/api/annotations/{house.annotation.pk}/", {"lead_time": 3})

    assert Draft.objects.count() == 1


def test_annotation_taken_back_twice_is_one_draft(house):
    client, url = client_of(house.annotator), f"/api/annotations/{house.annotation.pk}/convert-to-draft/"

    first, second = client.post(url).json(), client.post(url).json()

    assert first["id"] == second["id"]
    assert History.objects.filter(action="converted_to_draft").count() == 1


def test_converted_annotation_is_hidden_until_submitted_again(house):
    client = client_of(house.annotator)
    url = f"/api/annotations/{house.annotation.pk}/"

    draft = client.post(url + "convert-to-draft/").json()

    assert client_of(house.reviewer).get(url).status_code == 404
    answer = client.patch(url, {"result": result("B"), "draft_id": draft["id"]})
    assert (answer.status_code, answer.json()["is_draft"]) == (200, False)
    assert client_of(house.reviewer).get(url).status_code == 200


def test_result_must_be_a_list_of_regions(house):
    answer = client_of(house.annotator).post(f"/api/tasks/{house.task.pk}/annotations/", {"result": "cat"})

    assert answer.status_code == 400
    assert list(answer.json()["validation_errors"]) == ["result"]


def test_prediction_becomes_parent_of_an_annotation(house):
    other = task(house.project)
    prediction = (
        client_of(house.lead)
        .post("/api/predictions/", {"task": other.pk, "result": result(), "score": 0.5})
        .json()
    )

    body = client_of(house.annotator).post(
        f"/api/tasks/{other.pk}/annotations/",
        {"result": result(), "parent_prediction": prediction["id"], "lead_time": 1},
    )

    assert body.json()["parent_prediction"] == prediction["id"]
    foreign = client_of(house.annotator).post(
        f"/api/tasks/{house.task.pk}/annotations/", {"result": [], "parent_prediction": prediction["id"]}
    )
    assert (foreign.status_code, foreign.json()["code"]) == (400, "unknown_parent")


def test_new_data_of_an_annotated_task_needs_a_manager_and_outdates(house):
    reviewed(house.annotation, house.reviewer)
    url = f"/api/tasks/{house.task.pk}/"

    refused = client_of(house.reviewer).patch(url, {"data": {"text": "other"}})
    answer = client_of(house.lead).patch(url, {"data": {"text": "other"}})

    assert (refused.status_code, answer.status_code) == (403, 200)
    assert answer.json()["reviewed"] is False
    assert answer.json()["annotations"][0]["last_action"] == "updated"


def test_only_reviewers_and_managers_set_ground_truth(house):
    url = f"/api/annotations/{house.annotation.pk}/"

    refused = client_of(house.annotator).patch(url, {"ground_truth": True})
    answer = client_of(house.reviewer).patch(url, {"ground_truth": True})

    assert (refused.status_code, refused.json()["code"]) == (403, "ground_truth_not_allowed")
    assert (answer.json()["ground_truth"], answer.json()["version"]) == (True, 1)


def test_deleted_annotation_leaves_the_counters(house):
    other = annotation(task(house.project), house.annotator)

    assert client_of(house.annotator).delete(f"/api/annotations/{other.pk}/").status_code == 204
    other.task.refresh_from_db()
    assert other.task.total_annotations == 0
    assert client_of(house.annotator).get(f"/api/annotations/{other.pk}/").status_code == 404


def test_lead_time_of_a_withdrawn_draft_does_not_submit_it(house):
    client = client_of(house.annotator)
    url = f"/api/annotations/{house.annotation.pk}/"
    client.post(url + "convert-to-draft/")

    answer = client.patch(url, {"lead_time": 9})

    assert (answer.json()["is_draft"], answer.json()["lead_time"]) == (True, 9)


def test_reopened_work_stays_open_when_the_task_data_changes(house):
    AnnotationReviewService(house.reviewer).reopen(house.annotation)

    client_of(house.lead).patch(f"/api/tasks/{house.task.pk}/", {"data": {"text": "other"}})

    assert (
        client_of(house.lead).get(f"/api/annotations/{house.annotation.pk}/").json()["returned_at"]
        is not None
    )


def test_removed_member_is_told_that_they_left(house):
    house.membership(house.annotator).delete()

    with pytest.raises(Refused, match="no longer a member"):
        annotations.edit(house.annotation.pk, {"result": result("B")}, actor=house.annotator)


@pytest.mark.parametrize("assigned", [False, True])
def test_an_annotation_is_read_in_three_statements_with_the_token_and_the_roles(
    house, django_assert_num_queries, assigned
):
    """Where only assigned work is reviewed the assignments are a fourth."""
    Project.objects.update(review_only_manual_assignments=assigned)
    client = client_of(house.reviewer)
    client.get(f"/api/annotations/{house.annotation.pk}/")

    with django_assert_num_queries(3 + assigned):
        client.get(f"/api/annotations/{house.annotation.pk}/")


@pytest.mark.parametrize("more", [0, 2])
def test_a_list_of_annotations_asks_as_often_for_one_as_for_three(house, django_assert_num_queries, more):
    for _ in range(more):
        annotation(task(house.project), house.annotator)
    client = client_of(house.reviewer)
    client.get("/api/annotations/")

    with django_assert_num_queries(11):
        assert len(client.get("/api/annotations/").json()["results"]) == 1 + more
