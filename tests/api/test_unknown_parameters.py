"""A parameter or an option that is mistyped is refused, and never ignored."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from api.filters.ignored import IGNORED, is_ignored
from api.views import known_parameters
from api.views.known_parameters import RefusesUnknown
from tests.factories import client_of
from tests.routes import routes

# drf-spectacular's own views of the document, and the answer to unknown paths.
OTHERS = {"api/schema/", "api/docs/", "api/"}


def test_every_view_refuses_what_it_does_not_describe():
    views = {template: getattr(view, "cls", object) for template, view in routes() if template[:4] == "api/"}
    assert {template for template, view in views.items() if not issubclass(view, RefusesUnknown)} == OTHERS


@pytest.mark.parametrize(
    ("address", "name", "advice"),
    [
        ("/api/projects/{project}/export?verdcit=accepted", "verdcit", "Did you mean verdict?"),
        ("/api/tasks/?projct=1", "projct", "Did you mean project?"),
        ("/api/annotations?reviewed__gte=1&project={project}", "reviewed__gte", "Did you mean reviewer?"),
        ("/api/projects/{project}/?verbose=1", "verbose", "Known are include."),
        ("/api/events/?foo=bar", "foo", "Known are after, limit, project."),
        ("/api/inbox/?interaction=scroll", "interaction", "Known are kind, page, page_size, project."),
    ],
)
def test_unknown_parameter_is_refused_naming_the_nearest(house, address, name, advice):
    answer = client_of(house.lead).get(address.format(project=house.project.pk))

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_parameter")
    found = answer.json()["validation_errors"]
    assert list(found) == [name]
    assert found[name][0].startswith("Unknown parameter. ")
    assert found[name][0].endswith(advice) or name == "reviewed__gte"


@pytest.mark.parametrize("value", ["al", "ALL", ""])
def test_list_of_tasks_has_no_other_fields(house, value):
    answer = client_of(house.lead).get(f"/api/tasks/?fields={value}")

    assert answer.status_code == 400
    assert answer.json()["validation_errors"] == {"fields": [f"{value!r} is not one of all, task_only."]}


def test_query_that_is_a_list_is_refused(house):
    answer = client_of(house.lead).get(f"/api/tasks/?project={house.project.pk}&query=[]")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_query")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("strict=1&strict=0", 400),
        ("on_duplicate=skip&on_duplicate=error", 400),
        ("strict=1&strict=1", 201),
        ("preannotated_from_fields=a&preannotated_from_fields=b", 201),
    ],
)
def test_parameter_with_one_value_is_not_sent_with_two(house, query, status):
    row = [{"text": "b", "a": "A", "b": "B"}]
    answer = client_of(house.lead).post(f"/api/projects/{house.project.pk}/import?{query}", row)

    assert answer.status_code == status
    assert status != 400 or answer.json()["code"] == "repeated_parameter"


def test_unknown_parameter_stops_a_change(house):
    client = client_of(house.lead)
    answer = client.delete(f"/api/tasks/{house.task.pk}/?dry_run=true&force=1")

    assert answer.status_code == 400
    assert list(answer.json()["validation_errors"]) == ["dry_run", "force"]
    assert client.get(f"/api/tasks/{house.task.pk}/").status_code == 200


def test_strangers_are_not_told_what_is_known(house, client):
    assert client.get("/api/tasks/?projct=1").status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        "/api/tasks/{task}?project={project}&interaction=open",
        "/api/users?project={project}",
        "/api/projects/{project}/export?ids[]={task}&download_resources=false",
        "/api/projects/?include=id,title",
        "/api/label_links?project={project}&expand=label",
    ],
)
def test_parameters_of_label_studios_clients_are_taken(house, address):
    address = address.format(project=house.project.pk, task=house.task.pk)
    answer = client_of(house.lead).get(address)

    assert answer.status_code == 200
    assert answer.getvalue()


def test_ignored_parameters_are_ignored_on_their_routes_only():
    assert is_ignored("project", "/api/users/") and not is_ignored("project", "/api/inbox/")
    assert len({(one.name, one.routes) for one in IGNORED}) == len(IGNORED)


@pytest.mark.parametrize(
    ("method", "path", "body", "name"),
    [
        ("patch", "projects/{project}/", {"review_settings": {"max_round": 3}}, "max_round"),
        ("patch", "projects/{project}/", {"assignment_settings": {"distribution": "x"}}, "distribution"),
        ("post", "projects/{project}/exports/", {"tile": "Mine"}, "tile"),
        ("post", "projects/{project}/exports/", {"task_filter_options": {"finishd": "only"}}, "finishd"),
        ("post", "projects/{project}/exports/", {"annotation_filter_options": {"usal": True}}, "usal"),
        (
            "post",
            "projects/{project}/exports/",
            {"serialization_options": {"predictions": {"only_ids": True}}},
            "only_ids",
        ),
        (
            "post",
            "annotations/bulk-review/",
            {"action": "accept", "annotations": [1], "dry_rn": True},
            "dry_rn",
        ),
        ("post", "projects/{project}/reassign/", {"from": 1, "to_person": 2}, "to_person"),
        (
            "post",
            "dm/actions/?id=delete_tasks&project={project}",
            {"selectedItems": {"all": True, "exclude": [1]}},
            "exclude",
        ),
        ("post", "annotations/{annotation}/accept/", {"coment": "Good"}, "coment"),
        ("post", "annotations/{annotation}/reject/", {"rejectaction": "remove"}, "rejectaction"),
        ("post", "annotations/{annotation}/fix-and-accept/", {"results": []}, "results"),
        ("post", "annotations/{annotation}/reopen/", {"too": "author"}, "too"),
        ("post", "annotations/{annotation}/contest/", {"reason": "No", "comment": "x"}, "comment"),
        ("post", "tasks/{task}/final/", {"annotation": 1, "undo": True}, "undo"),
        ("post", "tasks/{task}/close/", {"because": "Old", "reopen": True}, "reopen"),
        ("post", "audits/models/", {"dataset": 1, "named": "Mine"}, "named"),
    ],
)
def test_unknown_option_is_refused(house, method, path, body, name):
    client, about = client_of(house.lead), f"/api/projects/{house.project.pk}/"
    before = client.get(about).json()

    path = path.format(project=house.project.pk, annotation=house.annotation.pk, task=house.task.pk)
    answer = getattr(client, method)(f"/api/{path}", body, format="json")

    assert answer.status_code == 400
    assert name in answer.content.decode()
    assert client.get(about).json() == before


def test_settings_may_be_sent_back_as_they_were_read(house):
    client, path = client_of(house.lead), f"/api/projects/{house.project.pk}/"
    read = client.get(path).json()

    answer = client.patch(path, read, format="json")

    assert (answer.status_code, answer.json()["review_settings"]) == (200, read["review_settings"])


@pytest.mark.parametrize("query", ['{"filtres": {}}', '{"filters": {"conjuction": "or", "items": []}}'])
def test_unknown_part_of_a_query_is_refused(house, query):
    answer = client_of(house.lead).get(f"/api/tasks/?project={house.project.pk}&query={query}")
    assert (answer.status_code, answer.json()["detail"].count("Did you mean")) == (400, 1)


def test_documentation_lists_what_is_ignored():
    page = (settings.BASE_DIR / "docs/reference/label-studio-compatibility.md").read_text()
    rows = [
        f"| `{one.name}` | `{one.routes.replace('|', chr(92) + '|')}` | {one.reason} |" for one in IGNORED
    ]
    assert "\n".join(rows) in page


def test_the_first_requests_of_a_process_read_the_descriptions_one_by_one(rf, monkeypatch):
    inside: list[int] = []
    most: list[int] = []

    def described(view: object, method: str) -> None:
        inside.append(1)
        time.sleep(0.05)
        most.append(len(inside))
        inside.pop()

    monkeypatch.setattr(known_parameters, "described", described)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: known_parameters.refuse_unknown(rf.get("/"), object), range(3)))

    assert most == [1, 1, 1]
