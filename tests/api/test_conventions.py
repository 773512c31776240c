"""What all routes have in common: paging, kinds of bodies, unknown keys, slashes, credentials."""

import json
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from api import urls
from api.pagination import LongList
from tests.factories import annotation, client_of, result, reviewed, skipped, task

PAGED = [
    "projects/",
    "projects/counts/",
    "projects/{project}/members/paginated/",
    "projects/{project}/annotation-history/",
    "tasks/",
    "annotations/",
    "projects/{project}/imports/",
    "jobs/",
    "inbox/",
    "current-user/tokens/",
]
PLAIN = [
    "users/",
    "annotation-reviews/",
    "annotation-history/",
    "comments/",
    "predictions/",
    "projects/roles/",
]


def at(house, path: str) -> str:
    return "/api/" + path.format(project=house.project.pk, task=house.task.pk, annotation=house.annotation.pk)


@pytest.mark.parametrize("path", PAGED)
def test_a_page_past_the_end_is_404(house, path):
    answer = client_of(house.lead).get(at(house, f"{path}?page=99"))

    assert (answer.status_code, answer.json()["detail"]) == (404, "Invalid page.")


@pytest.mark.parametrize("path", PLAIN)
def test_nearly_everything_else_is_a_plain_list(house, path):
    client = client_of(house.lead)

    assert isinstance(client.get(at(house, path)).json(), list)
    assert len(client.get(at(house, f"{path}?page_size=1")).json()) <= 1
    assert client.get(at(house, f"{path}?page_size=-1")).json() == client.get(at(house, path)).json()


def test_only_lists_of_label_studio_are_plain_ones():
    views = [pattern.callback for pattern in [*urls.urlpatterns[1:], *urls.router.urls]]
    plain = {view.cls.__name__ for view in views if getattr(view, "cls", None) and is_plain(view)}

    assert plain == {
        "CommentViewSet",
        "ExportViewSet",
        "HistoryViewSet",
        "PredictionViewSet",
        "ReviewViewSet",
        "RoleViewSet",
        "UploadViewSet",
        "UserViewSet",
    }


def is_plain(view) -> bool:
    chosen = view.initkwargs.get("pagination_class", getattr(view.cls, "pagination_class", None))
    return chosen is LongList


@pytest.mark.parametrize("path", [*PAGED, *PLAIN, "token/", "current-user/", "projects/{project}/exports/"])
def test_nothing_is_open_without_credentials(house, path):
    answer = APIClient().get(at(house, path))

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert set(answer.json()) == {"id", "status_code", "version", "detail", "exc_info", "code"}


@pytest.mark.parametrize(
    "path", [*PAGED, *PLAIN, "version/", "current-user/whoami/", "projects/{project}/exports/"]
)
def test_both_forms_of_an_address_answer_alike(house, path):
    client = client_of(house.lead)

    assert [client.get(at(house, form)).status_code for form in (path, path.rstrip("/"))] == [200, 200]


@pytest.mark.parametrize("kind", ["json", "multipart", "form"])
def test_bodies_of_every_kind_are_taken(house, kind):
    client = client_of(house.lead)

    def post(path: str, body: dict):
        if kind == "json":
            return client.post(at(house, path), body)
        texts = {
            name: json.dumps(value) if isinstance(value, dict | list) else value
            for name, value in body.items()
        }
        if kind == "multipart":
            return client.post(at(house, path), texts, format="multipart")
        return client.post(
            at(house, path), urlencode(texts), content_type="application/x-www-form-urlencoded"
        )

    made = [
        post("tasks/", {"project": house.project.pk, "data": {"text": "new"}}),
        post("tasks/{task}/annotations/", {"result": result("B"), "lead_time": 2.5}),
        post("comments/", {"annotation": house.annotation.pk, "text": "Look."}),
        post("annotation-reviews/", {"annotation": house.annotation.pk, "accepted": "true"}),
        post("projects/roles/", {"project": house.project.pk, "user": house.annotator.pk, "role": "RE"}),
    ]

    assert [answer.status_code for answer in made] == [201] * 5
    assert made[0].json()["data"] == {"text": "new"}
    assert made[1].json()["result"] == result("B")
    assert made[3].json()["accepted"] is True


def test_a_form_changes_only_what_it_names(house):
    passed = skipped(task(house.project), house.annotator)
    body = (
        client_of(house.annotator)
        .patch(f"/api/annotations/{passed.pk}/", {"lead_time": "7"}, format="multipart")
        .json()
    )

    assert (body["was_cancelled"], body["lead_time"]) == (True, 7)


@pytest.mark.parametrize("data", ["text", [1], None, 1])
def test_the_data_of_a_task_is_an_object(house, data):
    answer = client_of(house.lead).post("/api/tasks/", {"project": house.project.pk, "data": data})

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["data"])


def test_unknown_keys_are_ignored_in_bodies_of_label_studios_objects(house):
    client, more = client_of(house.lead), {"project": house.project.pk, "unheard_of": {"a": 1}}
    made = client.post(at(house, "tasks/{task}/annotations/?project=1"), {"result": result("B"), **more})

    assert made.status_code == 201


def test_a_deletion_may_carry_a_body(house):
    made = (
        client_of(house.lead)
        .post("/api/comments/", {"annotation": house.annotation.pk, "text": "Look."})
        .json()
    )
    answer = client_of(house.lead).delete(f"/api/comments/{made['id']}/", {"project": house.project.pk})

    assert (answer.status_code, answer.content) == (204, b"")


def test_times_are_utc_with_microseconds(house):
    body = client_of(house.lead).get(at(house, "annotations/{annotation}/")).json()

    assert body["created_at"] == house.annotation.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_no_refusal_of_a_verdict_has_a_status_the_sdk_repeats(house):
    client, path = client_of(house.reviewer), "/api/annotation-reviews/"
    mine = annotation(task(house.project), house.reviewer)
    reviewed(house.annotation, house.reviewer2)
    bodies = [
        {"annotation": mine.pk, "accepted": True},
        {"annotation": 2**40, "accepted": True},
        {"annotation": house.annotation.pk, "accepted": True, "last_annotation_history": 1},
        {"annotation": "x"},
        {},
        {"annotation": house.annotation.pk, "accepted": False, "reject_action": "redistribute"},
    ]

    assert {client.post(path, body).status_code for body in bodies} <= {201, 400, 403, 404, 412}


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '[{"a": "\\u0000"}]', "[NaN]", "[{]"], ids=["deep", "nul", "nan", "broken"]
)
def test_json_within_a_form_is_read_as_strictly(house, text):
    answer = client_of(house.lead).post(
        at(house, "tasks/{task}/annotations/"), {"result": text}, format="multipart"
    )

    assert answer.status_code == 400


def test_another_origin_that_is_named_may_say_which_version_it_means(settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example.org"]
    asked = {"Origin": "https://front.example.org", "Access-Control-Request-Method": "POST"}

    answer = APIClient().options("/api/annotation-reviews/", headers=asked)

    assert answer["Access-Control-Allow-Origin"] == "https://front.example.org"
    assert {"authorization", "content-type", "if-match"} <= set(
        answer["Access-Control-Allow-Headers"].split(", ")
    )
