"""Filters, orders and tabs of who reads pseudonyms: they take those, and never tell whose they are."""

import json

import pytest

from tests.factories import client_of
from users.models import User

from .house import UNKNOWN, by_people, pseudonym_told, rows_of, second_project

PEOPLE_FILTERS = [
    ("annotations", "completed_by", "annotator"),
    ("annotations", "reviewer", "reviewer2"),
    ("tasks", "completed_by", "annotator"),
    ("tasks", "annotator", "annotator"),
    ("tasks", "reviewer", "reviewer2"),
    ("annotation-reviews", "created_by", "reviewer2"),
]


@pytest.mark.parametrize(("rows", "name", "who"), PEOPLE_FILTERS)
def test_filter_takes_the_pseudonym_and_never_the_real_id(house, rows, name, who):
    client, pseudonym = client_of(house.reviewer), pseudonym_told(house, getattr(house, who))
    second_project(house)

    def found(person):
        body = client.get(f"/api/{rows}/?{name}={person}").json()
        return body if isinstance(body, list) else body.get("tasks", body.get("results"))

    assert len(found(pseudonym)) == 1
    assert found(getattr(house, who).pk) == found(UNKNOWN) == []


def test_real_id_still_finds_in_projects_that_name_people(house):
    open_one = second_project(house, anonymize_annotations=False)
    client = client_of(house.reviewer)

    found = client.get(f"/api/annotations/?completed_by={house.annotator.pk}").json()["results"]

    assert [(row["id"], row["completed_by"]) for row in found] == [(open_one.pk, house.annotator.pk)]
    users = {one["id"] for one in client.get("/api/users/").json()}
    assert {house.annotator.pk, pseudonym_told(house, house.annotator)} <= users
    assert house.annotator2.pk not in users


@pytest.mark.parametrize("column", ["annotators", "reviewers", "updated_by"])
def test_table_filter_takes_the_pseudonym_and_never_the_real_id(house, column):
    client = client_of(house.reviewer)
    who = {"annotators": house.annotator, "reviewers": house.reviewer2, "updated_by": house.annotator2}[
        column
    ]

    def found(person, operator="contains"):
        line = {"filter": f"filter:tasks:{column}", "operator": operator, "type": "List", "value": person}
        query = {"filters": {"conjunction": "and", "items": [line]}}
        return rows_of(client, house, query)

    assert 0 < len(found(pseudonym_told(house, who))) < 3
    assert found(who.pk) == found(UNKNOWN) == []
    assert len(found(who.pk, "not_contains")) == 3
    assert pseudonym_told(house, who) in schema_items(client, house, column)


def schema_items(client, house, column) -> list[int]:
    columns = client.get(f"/api/dm/columns/?project={house.project.pk}").json()["columns"]
    return next(one for one in columns if one["id"] == column)["schema"]["items"]


def test_table_in_the_order_of_people_is_in_that_of_tasks(house):
    for column in ("annotators", "reviewers", "updated_by"):
        by_people = [
            rows_of(client_of(house.reviewer), house, {"ordering": [f"{d}tasks:{column}"]}) for d in ("", "-")
        ]
        assert by_people == [sorted(by_people[0]), sorted(by_people[0], reverse=True)]


def test_tab_shows_each_reader_the_same_people_as_they_know_them(house):
    at, pseudonym = f"/api/dm/views/{house.tab.pk}/", pseudonym_told(house, house.annotator)
    lead, reviewer = client_of(house.lead), client_of(house.reviewer)

    assert reviewer.get(at).json()["data"] == by_people(pseudonym)
    tasks = [client.get(f"/api/tasks/?view={house.tab.pk}").json()["tasks"] for client in (lead, reviewer)]
    assert [[row["id"] for row in rows] for rows in tasks] == [[house.task.pk]] * 2
    other = pseudonym_told(house, house.annotator2)
    assert reviewer.patch(at, {"data": by_people(other)}, format="json").json()["data"] == by_people(other)
    assert lead.get(at).json()["data"] == by_people(house.annotator2.pk)


def test_saving_a_tab_does_not_tell_whose_pseudonym_a_real_id_has(house):
    at, client = f"/api/dm/views/{house.tab.pk}/", client_of(house.reviewer)

    saved = client.patch(at, {"data": by_people(house.annotator.pk)}, format="json").json()["data"]

    unknown = client.patch(at, {"data": by_people(UNKNOWN)}, format="json").json()["data"]
    assert saved == unknown


@pytest.mark.parametrize(
    "path", ["/api/users/{}/", "/api/annotations/?completed_by={}", "/api/users/{}/tokens/"]
)
def test_real_id_is_as_unknown_as_nobodys(house, path):
    client = client_of(house.reviewer)

    known, unknown = (client.get(path.format(one)) for one in (house.annotator.pk, UNKNOWN))

    assert (known.status_code, without_id(known.json())) == (unknown.status_code, without_id(unknown.json()))


def without_id(body: dict) -> dict:
    return {name: value for name, value in body.items() if name != "id"}


def test_naming_somebody_by_a_real_id_is_refused_as_nobody(house):
    """In one's own project one may name people, but not those one knows only by pseudonym."""
    User.objects.filter(pk=house.reviewer.pk).update(may_create_projects=True)
    client = client_of(house.reviewer)
    own = client.post("/api/projects/", {"title": "My own"}).json()["id"]

    answers = [
        client.post(f"/api/projects/{own}/members/", {"user": one}) for one in (house.annotator.pk, UNKNOWN)
    ]

    assert [answer.json()["code"] for answer in answers] == ["unknown_person"] * 2


def tab_filter(operator: str, value) -> dict:
    line = {"filter": "filter:tasks:annotators", "operator": operator, "type": "List", "value": value}
    parent = {"filter": "filter:tasks:reviewed", "operator": "equal", "type": "Boolean", "value": False}
    return {
        "conjunction": "and",
        "items": [line, parent | {"child_filters": [line]}, parent | {"child_filter": line}],
    }


@pytest.mark.parametrize("as_text", [False, True])
def test_tab_is_kept_by_real_ids_in_any_shape(house, as_text):
    at, mine, theirs = (
        f"/api/dm/views/{house.tab.pk}/",
        pseudonym_told(house, house.annotator),
        house.annotator.pk,
    )
    client, lead = client_of(house.reviewer), client_of(house.lead)
    shapes = {
        "equal": (str(mine), theirs),
        "contains": (f"{mine}, {mine}", [theirs] * 2),
        "in_list": ([mine], [theirs]),
    }
    for operator, (sent, kept) in shapes.items():
        filters = tab_filter(operator, sent)
        client.patch(at, {"data": {"filters": json.dumps(filters) if as_text else filters}}, format="json")

        assert lead.get(at).json()["data"]["filters"] == tab_filter(operator, kept)

    for value in ("1", True):
        client.patch(at, {"data": {"filters": tab_filter("empty", value)}}, format="json")
        assert lead.get(at).json()["data"]["filters"] == tab_filter("empty", value)
