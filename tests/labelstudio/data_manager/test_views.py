"""The endpoints of the table: the project's state, and who may ask."""

import pytest

from tests.factories import client_of


def columns_of(user, of) -> list[dict]:
    return client_of(user).get(f"/api/dm/columns?project={of.pk}").json()["columns"]


@pytest.mark.parametrize(("who", "may_delete"), [("lead", True), ("reviewer", False), ("annotator", False)])
def test_project_says_what_may_be_done(house, who, may_delete):
    body = client_of(getattr(house, who)).get(f"/api/dm/project?project={house.project.pk}").json()

    assert (body["id"], body["task_count"], body["annotation_count"]) == (house.project.pk, 1, 1)
    assert (body["can_delete_tasks"], body["config_has_control_tags"]) == (may_delete, True)


@pytest.mark.parametrize("url", ["columns", "project", "actions", "views"])
def test_stranger_is_told_nothing(house, url):
    assert client_of(house.stranger).get(f"/api/dm/{url}/?project={house.project.pk}").status_code == 404


@pytest.mark.parametrize("url", ["columns", "project", "actions"])
def test_project_must_be_named(house, url):
    answer = client_of(house.lead).get(f"/api/dm/{url}/")

    assert (answer.status_code, list(answer.json()["validation_errors"])) == (400, ["project"])
