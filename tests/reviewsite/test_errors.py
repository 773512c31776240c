"""Every error has Label Studio's body plus `code`, whatever the client sends."""

import pytest

from tests.factories import client_of

KEYS = {"id", "status_code", "version", "detail", "exc_info", "code"}


def test_validation_error_has_label_studios_shape(house):
    answer = client_of(house.lead).post("/api/projects/", {"title": "ab"})

    assert answer.status_code == 400
    assert answer.json().keys() == KEYS | {"validation_errors"}
    assert answer.json()["detail"] == "Validation error"


@pytest.mark.parametrize(
    "url",
    [
        "/api/nothing",
        "/api/nothing/",
        "/api/tasks/999999/",
        "/api/tasks/abc/",
        "/api/annotations/99999999999999999999/",
    ],
)
def test_unknown_path_or_row_is_a_json_404(house, url):
    answer = client_of(house.lead).get(url)

    assert answer.status_code == 404
    assert answer.json().keys() == KEYS


def test_identity_that_is_taken_is_400_naming_it(house):
    client, about = (
        client_of(house.lead),
        {"project": house.project.pk, "data": {"text": "b"}, "external_id": "E1"},
    )
    unique_id = str(house.annotation.unique_id)

    client.post("/api/tasks/", about)
    answers = [
        client.post("/api/tasks/", about),
        client.post(f"/api/tasks/{house.task.pk}/annotations/", {"result": [], "unique_id": unique_id}),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [
        (400, "external_id_taken"),
        (400, "unique_id_taken"),
    ]
    assert [list(a.json()["validation_errors"]) for a in answers] == [["external_id"], ["unique_id"]]


def test_wrong_method_is_405(house):
    assert (
        client_of(house.lead).put(f"/api/annotations/{house.annotation.pk}/accept/").json()["status_code"]
        == 405
    )


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    "raw",
    [
        b'{"result": ',
        b'{"comment": "\xff"}',
        b'{"comment": "\\u0000"}',
        b'{"comment": "\\ud800"}',
        b'{"result": [{"value": NaN}]}',
        b'{"result": [{"value": 1e400}]}',
        b'{"result": [{"value": ' + b"9" * 4301 + b"}]}",
        b'{"result": ' + b"[" * 65 + b"]" * 65 + b"}",
        b'{"result": ' + b"[" * 1500 + b"]" * 1500 + b"}",
        DEEP.encode(),
        b"[]",
        b'"text"',
        b"7",
        b"null",
        b'{"result": {"a": 1}}',
        b'{"result": [1]}',
        b'{"lead_time": "soon"}',
    ],
    ids=lambda raw: raw[:24].decode("latin-1"),
)
@pytest.mark.parametrize(
    "path", ["annotations/{a}/", "annotations/{a}/fix-and-accept/", "tasks/{t}/annotations/"]
)
def test_broken_body_is_400_in_json(house, raw, path):
    url = "/api/" + path.format(a=house.annotation.pk, t=house.task.pk)
    client = client_of(house.reviewer)
    call = client.patch if url.endswith(f"annotations/{house.annotation.pk}/") else client.post

    answer = call(url, data=raw, content_type="application/json")

    if raw in (b"null",) or b"lead_time" in raw and "fix" in url:
        assert answer.status_code < 500
    else:
        assert answer.status_code == 400, answer.content
        assert answer.json()["status_code"] == 400


@pytest.mark.parametrize("content_type", ["multipart", None])
def test_form_bodies_are_understood(house, content_type):
    client = client_of(house.reviewer)
    form = (
        {"data": {"comment": "fine"}, "format": "multipart"}
        if content_type
        else {
            "data": "comment=fine",
            "content_type": "application/x-www-form-urlencoded",
        }
    )

    answer = client.post(f"/api/annotations/{house.annotation.pk}/accept/", **form)

    assert answer.status_code == 200
