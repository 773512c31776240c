"""Imports that are repeated, listed, and previewed before they are done."""

import io
import json
from typing import Any

import pytest

from exchange.importing import long_imports
from tasks.models import Annotation, Import, Task, Upload
from tests.api.media.conftest import PICTURE, a_file
from tests.factories import client_of

TASKS = [{"text": "b"}, {"text": "c"}]
KEY = {"HTTP_IDEMPOTENCY_KEY": "nightly-17"}


def url(house, more: str = "import") -> str:
    return f"/api/projects/{house.project.pk}/{more}"


def new_tasks(house) -> list[dict[str, Any]]:
    return [
        task.data for task in Task.objects.filter(deleted_at=None).exclude(pk=house.task.pk).order_by("id")
    ]


# --- the same request again ---------------------------------------------------------------------------


def test_a_request_with_the_same_key_is_answered_as_the_first(house):
    client, path = client_of(house.lead), url(house, "import?return_task_ids=true")
    first = client.post(path, TASKS, **KEY)

    again = client.post(path, TASKS, **KEY)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"duration": None}
    assert (new_tasks(house), Import.objects.count()) == (TASKS, 1)


@pytest.mark.parametrize(("body", "query"), [(TASKS[:1], ""), (TASKS, "?strict=true")])
def test_the_key_of_another_request_is_refused(house, body, query):
    client = client_of(house.lead)
    client.post(url(house), TASKS, **KEY)

    answer = client.post(f"{url(house)}{query}", body, **KEY)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_reused")
    assert answer.json()["import"] == Import.objects.get().pk
    assert new_tasks(house) == TASKS


def test_keys_are_each_persons_own(house):
    for person in (house.lead, house.admin):
        assert client_of(person).post(url(house), TASKS, **KEY).status_code == 201


def test_a_refused_request_may_be_mended(house):
    client = client_of(house.lead)
    assert client.post(url(house), [1], **KEY).status_code == 400
    assert client.post(url(house), TASKS, **KEY).status_code == 201


def test_an_import_that_was_taken_back_may_be_done_again(house):
    client = client_of(house.lead)
    made = client.post(url(house), TASKS, **KEY).json()["import"]
    client.delete(f"/api/imports/{made}/")

    assert client.post(url(house), TASKS, **KEY).status_code == 201
    assert new_tasks(house) == TASKS


def test_a_request_that_is_being_answered_is_to_be_repeated_later(house):
    client = client_of(house.lead)
    client.post(url(house), TASKS, **KEY)
    Import.objects.update(report={}, reserved_until=3)

    answer = client.post(url(house), TASKS, **KEY)

    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (
        409,
        "import_in_progress",
        "5",
    )


def test_a_long_import_answers_with_its_job(house, monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(long_imports, "REQUEST_LIMIT", 1)
    client = client_of(house.lead)

    first, again = (client.post(url(house), TASKS, **KEY) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["job"]["id"] == first.json()["job"]["id"]


def test_pictures_are_not_taken_twice(house):
    client = client_of(house.lead)
    first, again = (client.post(url(house), {"a": a_file()}, format="multipart", **KEY) for _ in range(2))

    assert again.json()["file_upload_ids"] == first.json()["file_upload_ids"]
    assert Upload.objects.count() == 1


# --- the list -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3])
def test_imports_of_a_project_are_listed(house, number, django_assert_max_num_queries):
    client = client_of(house.lead)
    for _ in range(number):
        client.post(url(house), TASKS)

    with django_assert_max_num_queries(8):
        listed = client.get(url(house, "imports/")).json()["results"]

    assert len(listed) == number
    newest = Import.objects.latest("pk")
    assert listed[0] == {
        "id": newest.pk,
        "project": house.project.pk,
        "name": "",
        "created_by": house.lead.pk,
        "taken_back_at": None,
        "status": "completed",
        "error": None,
        "error_code": None,
        "errors": [],
        "created_at": listed[0]["created_at"],
        "finished_at": listed[0]["created_at"],
        "done": 2,
        "total": 2,
        "task_count": 2,
        "annotation_count": 0,
        "prediction_count": 0,
    }


@pytest.mark.parametrize(("person", "status"), [("admin", 200), ("reviewer", 403), ("stranger", 404)])
def test_only_managers_list_imports(house, person, status):
    assert client_of(getattr(house, person)).get(url(house, "imports/")).status_code == status


def test_an_import_that_was_taken_back_says_so(house):
    client = client_of(house.lead)
    path = f"/api/imports/{client.post(url(house), TASKS).json()['import']}/"
    client.delete(path)

    at = client.get(path).json()["taken_back_at"]

    assert at is not None
    assert client.get(url(house, "imports/")).json()["results"][0]["taken_back_at"] == at
    assert client.delete(path).status_code == 204
    assert client.get(path).json()["taken_back_at"] == at


# --- upload, look, then import or cancel ----------------------------------------------------------------


def send(house, name: str, content: bytes, *, query: str = "", more: dict | None = None, **headers: str):
    file = io.BytesIO(content)
    file.name = name
    path = url(house, f"import?commit_to_project=false{query}")
    return client_of(house.lead).post(path, {"file": file} | (more or {}), format="multipart", **headers)


def upload(house, name: str = "a.csv", content: bytes = b"text\nb\nc\n", **more: Any) -> dict[str, Any]:
    answer = send(house, name, content, **more)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def reimport(house, ids: list[int], query: str = "", **headers: str):
    return client_of(house.lead).post(
        url(house, f"reimport{query}"), {"file_upload_ids": ids}, format="json", **headers
    )


def test_a_preview_keeps_the_file_and_imports_nothing(house):
    body = upload(house)

    kept = Upload.objects.get()
    assert body | {"report": {}} == {
        "task_count": 2,
        "annotation_count": 0,
        "prediction_count": 0,
        "duration": None,
        "file_upload_ids": [kept.pk],
        "could_be_tasks_list": True,
        "found_formats": [".csv"],
        "data_columns": ["text"],
        "import": None,
        "report": {},
        "job": None,
    }
    assert not new_tasks(house) and not Import.objects.exists()


def test_cancel_leaves_nothing(house):
    ids = upload(house)["file_upload_ids"]

    answer = client_of(house.lead).delete(url(house, "file-uploads"), {"file_upload_ids": ids})

    assert (answer.json(), Upload.objects.count(), new_tasks(house)) == ({"deleted": 1}, 0, [])


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b"text\nb\nc\n"), ("a.txt", b"b\nc"), ("a.json", b'[{"text":"b"},{"text":"c"}]')],
)
def test_import_takes_the_files_that_were_kept(house, name, content):
    ids = upload(house, name, content)["file_upload_ids"]

    answer = client_of(house.lead).post(
        url(house, "reimport"), {"file_upload_ids": ids, "files_as_tasks_list": True}
    )

    assert (answer.status_code, answer.json()["task_count"], answer.json()["file_upload_ids"]) == (
        201,
        2,
        ids,
    )
    assert new_tasks(house) == TASKS
    assert set(Task.objects.exclude(pk=house.task.pk).values_list("file_upload", flat=True)) == set(ids)


def test_a_file_may_be_one_task(house):
    (pk,) = upload(house)["file_upload_ids"]

    client_of(house.lead).post(
        url(house, "reimport"), {"file_upload_ids": [pk], "files_as_tasks_list": False}
    )

    assert new_tasks(house) == [{"text": Upload.objects.get().path}]


def test_pictures_can_be_previewed(house):
    (pk,) = upload(house, "cat.png", PICTURE)["file_upload_ids"]

    client_of(house.lead).post(url(house, "reimport"), {"file_upload_ids": [pk]})

    assert new_tasks(house) == [{"text": Upload.objects.get().path}]


def test_a_second_import_of_a_file_is_refused(house):
    body = {"file_upload_ids": upload(house)["file_upload_ids"]}
    client = client_of(house.lead)
    client.post(url(house, "reimport"), body)

    answer = client.post(url(house, "reimport"), body)

    assert (answer.status_code, answer.json()["code"], len(new_tasks(house))) == (400, "already_imported", 2)


def test_a_file_is_imported_as_it_was_checked(house):
    body = upload(house, content="text\nè\n".encode("cp1252"), query="&encoding=windows-1252")

    assert reimport(house, body["file_upload_ids"]).status_code == 201
    assert new_tasks(house) == [{"text": "è"}]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", b"text\nb\nc\n"),
        ("text/plain", b"b\nc\n"),
        ("text/csv; charset=utf-16-le", "text\nb\nc\n".encode("utf-16-le")),
        ("application/json", b'[{"text":"b"},{"text":"c"}]'),
    ],
)
def test_a_body_is_imported_in_the_format_in_which_it_was_checked(house, content_type, body):
    kept = client_of(house.lead).generic(
        "POST", url(house, "import?commit_to_project=false"), body, content_type=content_type
    )

    assert reimport(house, kept.json()["file_upload_ids"]).status_code == 201
    assert new_tasks(house) == TASKS


def test_predictions_of_fields_are_imported_as_previewed(house):
    body = upload(house, content=b"text,guess\nb,A\n", query="&preannotated_from_fields=guess")

    answer = reimport(house, body["file_upload_ids"])

    assert (body["prediction_count"], answer.json()["prediction_count"]) == (1, 1)


def test_people_named_with_an_upload_are_those_of_its_import(house):
    work = [{"data": {"text": "b"}, "annotations": [{"completed_by": 4, "result": []}]}]
    people = {"users": json.dumps({"4": house.annotator.email})}
    ids = upload(house, "a.json", json.dumps(work).encode(), more=people)["file_upload_ids"]

    reimport(house, ids)

    (made,) = Annotation.objects.exclude(task=house.task)
    assert made.completed_by == house.annotator


def test_options_of_an_upload_can_be_changed(house):
    ids = upload(house, content=b"text\nb\n", query="&on_duplicate=error")["file_upload_ids"]
    client_of(house.lead).post(url(house), [{"text": "b"}])

    assert reimport(house, ids, "?match_on=data").status_code == 400
    assert reimport(house, ids, "?match_on=data&on_duplicate=skip").status_code == 201
    assert new_tasks(house) == [{"text": "b"}]


def test_files_that_were_checked_differently_are_not_imported_together(house):
    ids = [
        *upload(house, content=b"text\nb\n")["file_upload_ids"],
        *upload(house, content=b"text\nc\n", query="&strict=true")["file_upload_ids"],
    ]

    answer = reimport(house, ids)

    assert (answer.status_code, answer.json()["code"]) == (400, "different_options")
    assert "strict" in answer.json()["detail"] and not new_tasks(house)
    assert reimport(house, ids, "?strict=false").status_code == 201


def test_an_upload_with_a_key_is_kept_once(house):
    first, again = (send(house, "a.csv", b"text\nb\n", **KEY) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Upload.objects.count() == 1


def test_the_key_of_another_upload_is_refused(house):
    send(house, "a.csv", b"text\nb\n", **KEY)

    answer = send(house, "a.csv", b"text\nc\n", **KEY)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_reused")
    assert Upload.objects.count() == 1


def test_an_import_of_uploads_with_a_key_is_done_once(house):
    ids = upload(house)["file_upload_ids"]

    first, again = (reimport(house, ids, "?return_task_ids=true", **KEY) for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"duration": None}
    assert new_tasks(house) == TASKS


def test_the_key_of_another_import_of_uploads_is_refused(house):
    reimport(house, upload(house)["file_upload_ids"], **KEY)

    answer = reimport(house, upload(house)["file_upload_ids"], **KEY)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_reused")
    assert len(new_tasks(house)) == 2


def test_an_empty_key_is_refused(house):
    answer = client_of(house.lead).post(url(house), TASKS, HTTP_IDEMPOTENCY_KEY="")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_idempotency_key")
    assert not new_tasks(house)


def test_a_dry_run_keeps_no_files(house):
    answer = send(house, "a.csv", b"text\nb\n", query="&dry_run=true")

    assert (answer.status_code, answer.json()["code"]) == (400, "contradiction")
    assert Upload.objects.count() == 0


def test_an_import_of_uploads_cannot_be_held_back(house):
    answer = reimport(house, upload(house)["file_upload_ids"], "?commit_to_project=false")

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")
    assert not new_tasks(house)


def test_a_dry_run_of_uploads_imports_nothing(house):
    answer = reimport(house, upload(house)["file_upload_ids"], "?dry_run=true")

    assert (answer.status_code, answer.json()["task_count"], new_tasks(house)) == (200, 2, [])


def test_options_without_effect_on_pictures_to_keep_are_refused(house):
    answer = send(house, "cat.png", PICTURE, query="&strict=true")

    assert (answer.status_code, answer.json()["code"], Upload.objects.count()) == (400, "no_effect", 0)


@pytest.mark.parametrize(
    ("body", "code"), [({"file_upload_ids": [10**9]}, "unknown_upload"), ({}, "required")]
)
def test_unknown_files_are_refused(house, body, code):
    answer = client_of(house.lead).post(url(house, "reimport"), body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_bad_file_is_not_kept(house):
    file = io.BytesIO(b"text,n\na\n")
    file.name = "a.csv"

    answer = client_of(house.lead).post(
        url(house, "import?commit_to_project=false"), {"file": file}, format="multipart"
    )

    assert (answer.status_code, Upload.objects.count()) == (400, 0)


def test_options_without_effect_on_pictures_are_refused(house):
    answer = client_of(house.lead).post(url(house, "import?strict=true"), {"a": a_file()}, format="multipart")
    assert (answer.status_code, answer.json()["code"], Upload.objects.count()) == (400, "no_effect", 0)
