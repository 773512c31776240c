"""Saved tabs."""

import pytest

from tasks.models import View
from tests.factories import client_of
from tests.task_table import item

FILTERS = {"conjunction": "and", "items": [item("reviews_rejected", "greater", 0, "Number")]}


@pytest.fixture
def view(house) -> View:
    return View.objects.create(project=house.project, created_by=house.lead, data={"title": "Mine"})


def titles(client, house) -> list[str]:
    return [one["data"]["title"] for one in client.get(f"/api/dm/views/?project={house.project.pk}").json()]


def test_project_begins_with_two_tabs(house):
    client = client_of(house.annotator)

    assert titles(client, house) == ["Default", "Rejected"]
    assert titles(client, house) == ["Default", "Rejected"]


SHOWN = [
    "id",
    "completed_at",
    "total_annotations",
    "cancelled_annotations",
    "total_predictions",
    "annotators",
    "reviewed",
    "reviewers",
    "reviews_accepted",
    "reviews_rejected",
    "comment_count",
]


@pytest.mark.parametrize("tab", [0, 1])
def test_first_tabs_show_the_review_columns_and_hide_the_long_tail(house, tab):
    client = client_of(house.reviewer)
    data = client.get(f"/api/dm/views/?project={house.project.pk}").json()[tab]["data"]
    columns = client.get(f"/api/dm/columns/?project={house.project.pk}").json()["columns"]
    listed = [column for column in columns if "parent" not in column and column["id"] != "data"]

    assert [c["id"] for c in listed if f"tasks:{c['id']}" not in data["hiddenColumns"]["explore"]] == SHOWN
    assert [c["id"] for c in listed if c["visibility_defaults"]["explore"]] == SHOWN


def test_first_tab_names_no_column_an_annotator_does_not_have(house):
    client = client_of(house.annotator)
    hidden = client.get(f"/api/dm/views/?project={house.project.pk}").json()[0]["data"]["hiddenColumns"]

    assert "tasks:inner_id" in hidden["explore"]
    assert "tasks:reviewers" not in hidden["labeling"]


def test_tab_that_hides_nothing_goes_on_doing_so(house, view):
    shown = {"title": "All", "hiddenColumns": {"explore": [], "labeling": []}}
    client = client_of(house.reviewer)

    client.patch(f"/api/dm/views/{view.pk}/", {"data": shown}, format="json")

    assert client.get(f"/api/dm/views/{view.pk}/").json()["data"] == shown


def test_view_is_created_with_its_filters(house):
    data = {
        "title": "Tasks",
        "filters": FILTERS,
        "ordering": ["-tasks:id"],
        "hiddenColumns": {"explore": ["tasks:id"]},
    }

    answer = client_of(house.reviewer).post(
        "/api/dm/views", {"project": house.project.pk, "data": data}, format="json"
    )

    assert answer.status_code == 201
    assert answer.json() == {
        "id": View.objects.get().pk,
        "project": house.project.pk,
        "user": house.reviewer.pk,
        "data": data,
        "order": 0,
        "ordering": ["-tasks:id"],
        "selected_items": {},
    }


@pytest.mark.parametrize("method", ["put", "patch"])
def test_view_is_changed(house, view, method):
    client = client_of(house.reviewer)

    answer = getattr(client, method)(
        f"/api/dm/views/{view.pk}?project=1", {"data": {"title": "New"}, "made": 1}, format="json"
    )

    assert (answer.status_code, answer.json()["data"]) == (200, {"title": "New"})
    assert client.get(f"/api/dm/views/{view.pk}/").json() == answer.json()


@pytest.mark.parametrize(
    "data",
    [
        {"filters": {"conjunction": "and", "items": [item("project__title", "equal", "x")]}},
        {"filters": {"conjunction": "and", "items": [item("id", "equal", "x")]}},
        {"ordering": ["tasks:project__title"]},
    ],
)
def test_view_that_cannot_be_read_is_not_saved(house, view, data):
    answer = client_of(house.lead).patch(f"/api/dm/views/{view.pk}/", {"data": data}, format="json")

    assert answer.status_code == 400
    view.refresh_from_db()
    assert view.data == {"title": "Mine"}


def test_view_is_deleted(house, view):
    assert client_of(house.lead).delete(f"/api/dm/views/{view.pk}/").status_code == 204
    assert not View.objects.exists()


def test_annotator_changes_their_own_tabs_only(house, view):
    client = client_of(house.annotator)
    own = client.post(
        "/api/dm/views/", {"project": house.project.pk, "data": {"title": "Own"}}, format="json"
    ).json()

    answers = [
        client.patch(f"/api/dm/views/{pk}/", {"data": {}}, format="json").status_code
        for pk in (own["id"], view.pk)
    ]

    assert answers == [200, 403]


def test_stranger_does_not_find_a_view(house, view):
    assert client_of(house.stranger).get(f"/api/dm/views/{view.pk}/").status_code == 404


def test_tabs_are_put_in_order(house):
    client = client_of(house.reviewer)
    ids = [one["id"] for one in client.get(f"/api/dm/views/?project={house.project.pk}").json()]

    answer = client.post(
        "/api/dm/views/order/", {"project": house.project.pk, "ids": ids[::-1]}, format="json"
    )

    assert (answer.status_code, titles(client, house)) == (200, ["Rejected", "Default"])


@pytest.mark.parametrize(
    ("who", "status", "left"), [("lead", 204, 0), ("reviewer", 403, 1), ("stranger", 404, 1)]
)
def test_tabs_are_reset_by_a_manager(house, view, who, status, left):
    answer = client_of(getattr(house, who)).delete(f"/api/dm/views/reset/?project={house.project.pk}")

    assert (answer.status_code, View.objects.count()) == (status, left)


def test_reset_takes_the_project_from_the_body_too(house, view):
    client = client_of(house.lead)

    assert (
        client.delete("/api/dm/views/reset/", {"project": house.project.pk}, format="json").status_code == 204
    )


def test_selection_is_kept_with_the_view(house, view):
    client, url = client_of(house.lead), f"/api/dm/views/{view.pk}/selected-items"

    assert client.get(url).json() == {"all": False, "included": []}
    assert client.post(url, {"all": False, "included": [1, 2]}, format="json").status_code == 201
    assert client.patch(url, {"all": False, "included": [2, 3]}, format="json").json() == {
        "all": False,
        "included": [1, 2, 3],
    }
    assert client.delete(url, {"all": False, "included": [1]}, format="json").status_code == 204
    assert client.get(url).json() == {"all": False, "included": [2, 3]}
    assert client.delete(url).status_code == 204
    assert client.get(url).json() == {"all": False, "included": []}


def test_list_of_views_asks_a_constant_number_of_questions(house, view):
    from tests.api.filters.test_task_table import _queries

    client, url = client_of(house.lead), f"/api/dm/views/?project={house.project.pk}"
    one = _queries(client, url)
    for number in range(2):
        View.objects.create(project=house.project, created_by=house.lead, data={"title": str(number)})

    assert _queries(client, url) == one
