"""What people may keep beside their work is small, of a known shape and of a known number."""

import pytest

from tasks.models import Draft
from tests.factories import client_of, reviewed, task

REASON = {"code": "blurry", "text": "Blurred"}


@pytest.mark.parametrize(
    "reasons",
    [
        [5],
        "blurry",
        {"code": "blurry", "text": "Blurred"},
        [REASON | {"code": ["a"]}],
        [REASON | {"text": {"en": "Blurred"}}],
        [REASON | {"code": " "}],
        [REASON | {"code": "x" * 65}],
        [REASON | {"text": "x" * 501}],
        [REASON, REASON],
        [REASON | {"code": str(number)} for number in range(101)],
    ],
)
def test_reject_reasons_are_codes_and_texts(house, reasons):
    url = f"/api/projects/{house.project.pk}/"

    answer = client_of(house.lead).patch(url, {"review_settings": {"reject_reasons": reasons}})

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_reject_reason")
    house.project.refresh_from_db()
    assert house.project.reject_reasons == []


@pytest.mark.parametrize("field", ["classifications", "region_ref"])
def test_what_is_kept_beside_a_comment_is_small(house, field):
    client, body = client_of(house.reviewer), {"annotation": house.annotation.pk, "text": "Look"}

    fine = client.post("/api/comments/", body | {field: {"a": "x" * 9_000}})
    large = client.post("/api/comments/", body | {field: {"a": "x" * 10_000}})
    changed = client.patch(f"/api/comments/{fine.json()['id']}/", {field: {"a": "x" * 10_000}})

    assert [fine.status_code, large.status_code, changed.status_code] == [201, 400, 400]
    assert list(large.json()["validation_errors"]) == [field]


def test_drafts_of_one_person_on_a_task_are_limited(house):
    client, url = client_of(house.annotator), f"/api/tasks/{house.task.pk}/drafts/"
    Draft.objects.bulk_create(Draft(task=house.task, user=house.annotator) for _ in range(19))

    last, refused = (client.post(url, {"result": []}) for _ in range(2))
    elsewhere = client.post(f"/api/tasks/{task(house.project).pk}/drafts/", {"result": []})
    changed = client.patch(f"/api/drafts/{last.json()['id']}/", {"result": []})

    assert (refused.status_code, refused.json()["code"]) == (400, "too_many_drafts")
    assert [last.status_code, elsewhere.status_code, changed.status_code] == [201, 201, 200]


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e400"])
def test_numbers_are_finite(house, number):
    annotation = client_of(house.annotator).patch(
        f"/api/annotations/{house.annotation.pk}/", {"lead_time": number}
    )
    prediction = client_of(house.lead).post(
        "/api/predictions/", {"task": house.task.pk, "result": [], "score": number}
    )

    assert (annotation.status_code, prediction.status_code) == (400, 400)


@pytest.mark.parametrize("stored", [{}, "x", [5, {"code": []}, {"code": "a"}, {"code": 5, "text": 7}], None])
def test_stored_reasons_that_are_none_stop_no_screen(house, stored):
    type(house.project).objects.filter(pk=house.project.pk).update(reject_reasons=stored or [None])
    client, at = client_of(house.reviewer), f"/api/projects/{house.project.pk}"

    options = client.get(f"{at}/editor-options/?screen=review")
    form = client.get(f"/api/dm/actions/reject_tasks_annotations/form/?project={house.project.pk}")
    rejected = client.post(f"/api/annotations/{house.annotation.pk}/reject/", {"reason": "a"})

    assert [options.status_code, form.status_code, rejected.status_code] == [200, 200, 400]
    assert options.json()["reject_reasons"] == []
    assert reviewed(house.annotation, house.reviewer, "rejected").review.reason == ""
