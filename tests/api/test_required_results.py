"""`require_result`, and returned work that comes back unchanged."""

import pytest

from tasks.models import Annotation
from tasks.services import annotations, drafts, projects
from tests.factories import client_of, result, reviewed


@pytest.fixture
def strict(house):
    house.project = projects.update(house.project, {"require_result": True}, actor=house.lead)
    return house


def post(house, path, body, who=None):
    return client_of(who or house.annotator2).post(path, body, format="json")


def new(house):
    return post(house, f"/api/tasks/{house.task.pk}/annotations/", {"result": [], "lead_time": 0.7})


def from_a_draft(house):
    draft = drafts.save(house.task, actor=house.annotator2, result=[])
    return post(house, f"/api/tasks/{house.task.pk}/annotations/", {"result": [], "draft_id": draft.pk})


def in_bulk(house):
    return post(house, "/api/annotations/bulk/", {"result": [], "tasks": [house.task.pk]})


def emptied(house):
    url = f"/api/annotations/{house.annotation.pk}/"
    return client_of(house.annotator).patch(url, {"result": []}, format="json")


def unskipped(house):
    work = annotations.submit(house.task, annotations.Work(was_cancelled=True), actor=house.annotator2)
    url = f"/api/annotations/{work.pk}/"
    return client_of(house.annotator2).patch(url, {"was_cancelled": False}, format="json")


def fixed(house):
    url = f"/api/annotations/{house.annotation.pk}/fix-and-accept/"
    return post(house, url, {"result": []}, house.reviewer)


@pytest.mark.parametrize("door", [new, from_a_draft, in_bulk, emptied, unskipped, fixed])
def test_nothing_is_submitted_without_a_result(strict, door):
    answer = door(strict)

    assert (answer.status_code, answer.json()["code"]) == (400, "empty_result")
    assert not Annotation.objects.filter(result=[], was_cancelled=False).exists()


def test_skipping_and_drafts_need_none(strict):
    url = f"/api/tasks/{strict.task.pk}"

    assert post(strict, f"{url}/drafts/", {"result": []}).status_code == 201
    assert post(strict, f"{url}/annotations/", {"result": [], "was_cancelled": True}).status_code == 201


def test_off_by_default(house):
    assert new(house).status_code == 201


def test_import_keeps_what_the_file_has(strict):
    tasks = [{"data": {"text": "T"}, "annotations": [{"result": []}]}]

    assert post(strict, f"/api/projects/{strict.project.pk}/import", tasks, strict.lead).status_code == 201
    assert Annotation.objects.filter(result=[]).count() == 1


@pytest.mark.parametrize("value", [True, False])
def test_label_studios_name_says_the_opposite(house, value):
    url, client = f"/api/projects/{house.project.pk}/", client_of(house.lead)

    body = client.patch(url, {"enable_empty_annotation": value}, format="json").json()

    assert (body["enable_empty_annotation"], body["require_result"]) == (value, not value)
    both = {"enable_empty_annotation": value, "require_result": value}
    assert client.patch(url, both, format="json").status_code == 400


# --- rework without an edit ------------------------------------------------------------------------------


def test_returned_work_sent_unchanged_stays_returned_and_says_so(house):
    reviewed(house.annotation, house.reviewer, "rejected", comment="No")
    client, url = client_of(house.annotator), f"/api/annotations/{house.annotation.pk}/"

    body = client.patch(url, {"result": result("A"), "lead_time": 3}, format="json").json()

    assert body["notice"].startswith("Nothing changed")
    assert (body["last_action"], body["version"], "contest" in body["allowed_actions"]) == (
        "rejected",
        1,
        True,
    )
    assert body["returned_at"]
    changed = client.patch(url, {"result": result("B")}, format="json").json()
    assert (changed["last_action"], changed["returned_at"], "notice" in changed) == ("updated", None, False)


def test_changed_data_makes_a_verdict_stale(house):
    """`last_annotation_history` is a row that was read before: no version, but other data to judge by."""
    url = f"/api/annotations/{house.annotation.pk}/"
    before = client_of(house.reviewer).get(url).json()["last_annotation_history"]
    client_of(house.lead).patch(f"/api/tasks/{house.task.pk}/", {"data": {"text": "B"}}, format="json")

    late = post(house, f"{url}accept/", {"last_annotation_history": before}, house.reviewer)

    assert (late.status_code, late.json()["code"]) == (400, "stale")
    now = client_of(house.reviewer).get(url).json()
    assert now["last_annotation_history"] > before and now["version"] == 1
    again = {"last_annotation_history": now["last_annotation_history"]}
    assert post(house, f"{url}accept/", again, house.reviewer).status_code == 200
