"""POST /api/projects/{id}/import/ and DELETE /api/imports/{id}/."""

import io
import json

import pytest

from tasks.models import Annotation, Task
from tests import factories

TASKS = [
    {"data": {"text": "a"}, "annotations": [{"result": factories.result(), "completed_by": 4}]},
    {"text": "b"},
]


def url(house) -> str:
    return f"/api/projects/{house.project.pk}/import"


def as_file(body) -> io.BytesIO:
    file = io.BytesIO(json.dumps(body).encode())
    file.name = "tasks.json"
    return file


def test_import_answers_as_label_studio_does(house, client_of):
    response = client_of(house.lead).post(f"{url(house)}?return_task_ids=true", TASKS)

    assert response.status_code == 201
    body = response.json()
    new = Task.objects.exclude(pk=house.task.pk).order_by("id")
    assert body | {"duration": 0, "report": {}, "import": 0} == {
        "task_count": 2,
        "annotation_count": 1,
        "prediction_count": 0,
        "duration": 0,
        "file_upload_ids": [],
        "could_be_tasks_list": False,
        "found_formats": [".json"],
        "data_columns": ["text"],
        "task_ids": [task.pk for task in new],
        "import": 0,
        "report": {},
        "job": None,
    }
    assert body["report"]["placeholders"] == [f"imported-4-project-{house.project.pk}@placeholder.invalid"]


def test_body_may_bring_its_users(house, client_of):
    client_of(house.lead).post(url(house), {"tasks": TASKS, "users": {"4": house.annotator.email}})

    assert Annotation.objects.latest("id").completed_by == house.annotator


@pytest.mark.parametrize("users_as_file", [True, False])
def test_file_may_bring_its_users_beside_it(house, client_of, users_as_file):
    users = {"4": house.annotator.email}
    body = {"file": as_file(TASKS), "users": as_file(users) if users_as_file else json.dumps(users)}

    response = client_of(house.lead).post(url(house), body, format="multipart")

    assert response.status_code == 201
    assert Annotation.objects.latest("id").completed_by == house.annotator


def test_field_of_the_file_may_have_any_name(house, client_of):
    assert (
        client_of(house.lead).post(url(house), {"tasks.json": as_file(TASKS)}, format="multipart").status_code
        == 201
    )


def test_body_beyond_the_limit_of_other_routes_is_taken(house, client_of):
    assert client_of(house.lead).post(url(house), [{"text": "a" * 6_000_000}]).status_code == 201


@pytest.mark.parametrize(
    ("who", "status"),
    [("lead", 201), ("admin", 201), ("reviewer", 403), ("annotator", 403), ("stranger", 404)],
)
def test_only_managers_import(house, client_of, who, status):
    response = client_of(getattr(house, who)).post(url(house), TASKS)

    assert response.status_code == status
    assert Task.objects.count() == (3 if status == 201 else 1)


def test_refusal_names_task_and_field(house, client_of):
    response = client_of(house.lead).post(
        url(house), [{"text": "a"}, {"data": {}, "annotations": [{"completed_by": True}]}]
    )

    words = 'task 2: annotations[0].completed_by: must be an id, an e-mail or {"email": …}, not true.'
    body = response.json()
    assert (response.status_code, body["code"], body["detail"]) == (400, "invalid_import", words)
    assert body["validation_errors"] == {"[1].annotations[0].completed_by": [words]}
    assert Task.objects.count() == 1


@pytest.mark.parametrize("raw", [b"", b"{", b"[1]", b"\x00", b"[" * 100_000])
def test_broken_body_is_refused(house, client_of, raw):
    response = client_of(house.lead).generic("POST", url(house), raw, content_type="application/json")

    assert (response.status_code, response.json()["code"]) == (400, "invalid_import")


def test_unknown_duplicate_rule_is_refused(house, client_of):
    response = client_of(house.lead).post(f"{url(house)}?on_duplicate=replace", TASKS)

    assert (response.status_code, response.json()["code"]) == (400, "invalid_on_duplicate")


# --- what may be asked ---------------------------------------------------------------------------------


def test_dry_run_answers_with_the_report_and_imports_nothing(house, client_of):
    response = client_of(house.lead).post(f"{url(house)}?dry_run=true", [*TASKS, {"words": "c"}])

    body = response.json()
    assert response.status_code == 200
    assert (body["task_count"], body["annotation_count"], body["import"], body["job"]) == (3, 1, None, None)
    assert [one["path"] for one in body["report"]["warnings"]["items"]] == ["[2].data.text"]
    assert Task.objects.get() == house.task


def test_strict_refuses_what_would_be_a_warning(house, client_of):
    response = client_of(house.lead).post(f"{url(house)}?strict=true", [{"words": "c"}])

    words = "task 1: data.text: is missing: the label configuration shows it."
    body = response.json()
    assert (response.status_code, body["code"], body["detail"]) == (400, "invalid_import", words)
    assert body["errors"] == [{"task": 1, "path": "[0].data.text", "detail": words}]
    assert (body["error_count"], body["validation_errors"]) == (1, {"[0].data.text": [words]})


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("dryrun=true", "dryrun", "Did you mean dry_run?"),
        ("x=1", "x", "Known are commit_to_project"),
        ("strict=maybe", "strict", "boolean"),
        ("match_on=name", "match_on", "id, data"),
        ("encoding=klingon", "encoding", "not known"),
    ],
)
def test_option_that_would_do_nothing_is_refused(house, client_of, query, name, words):
    response = client_of(house.lead).post(f"{url(house)}?{query}", TASKS)

    assert response.status_code == 400
    assert words in response.json()["validation_errors"][name][0]
    assert Task.objects.get() == house.task


def test_several_files_of_a_request_are_all_imported(house, client_of):
    body = {"one": as_file([{"text": "b"}]), "two": as_file([{"text": "c"}, {"text": "d"}])}

    response = client_of(house.lead).post(url(house), body, format="multipart")

    assert (response.status_code, response.json()["task_count"]) == (201, 3)


@pytest.mark.parametrize("field", ["file", "title"])
def test_field_that_is_no_file_is_refused(house, client_of, field):
    response = client_of(house.lead).post(
        url(house), {field: "words", "a": as_file(TASKS)}, format="multipart"
    )

    assert (response.status_code, response.json()["code"]) == (400, "unknown_field")
    assert Task.objects.get() == house.task


def test_an_address_is_refused_with_what_to_do(house, client_of):
    form = "application/x-www-form-urlencoded"
    response = client_of(house.lead).generic(
        "POST", url(house), "url=https://example.org/a.csv", content_type=form
    )

    assert (response.status_code, response.json()["code"]) == (400, "invalid_import")
    assert "Download the file" in response.json()["detail"]


# --- taking it back -----------------------------------------------------------------------------------


@pytest.fixture
def imported(house, client_of) -> int:
    return client_of(house.lead).post(url(house), TASKS).json()["import"]


def test_import_can_be_removed(house, client_of, imported):
    response = client_of(house.lead).delete(f"/api/imports/{imported}/")

    assert (response.status_code, response.content) == (204, b"")
    assert Task.objects.filter(deleted_at=None).get() == house.task


def test_import_others_have_worked_on_stays_unless_forced(house, client_of, imported):
    factories.annotation(Task.objects.latest("id"), house.annotator)

    response = client_of(house.lead).delete(f"/api/imports/{imported}/")
    assert (response.status_code, response.json()["code"]) == (400, "work_since_import")
    assert Task.objects.filter(deleted_at=None).count() == 3

    assert client_of(house.lead).delete(f"/api/imports/{imported}/?force=true").status_code == 204


@pytest.mark.parametrize(("who", "status"), [("reviewer", 403), ("stranger", 404)])
def test_only_managers_remove_an_import(house, client_of, imported, who, status):
    assert client_of(getattr(house, who)).delete(f"/api/imports/{imported}/").status_code == status


CAFE = "text\ncafé €\n".encode("windows-1252")
DECLARED = "text/csv; charset=windows-1252"
PART = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n'
    b"Content-Type: %s\r\n\r\n%s\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("kind", "body"),
    [(DECLARED, CAFE), ("multipart/form-data; boundary=b", PART % (DECLARED.encode(), CAFE))],
)
def test_a_declared_encoding_is_used(house, client_of, kind, body):
    response = client_of(house.lead).generic("POST", f"{url(house)}/", body, content_type=kind)

    assert response.status_code == 201, response.json()
    assert Task.objects.latest("id").data == {"text": "café €"}
