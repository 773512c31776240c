"""A list asks the database as often for three times the rows as for one."""

from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories
from tests.admin_fixtures import fill

from .test_every_model import OF_LEADS, address

AT_MOST = 16


def queries(client, page: str) -> int:
    client.get(page)  # fills Django's cache of content types
    with CaptureQueriesContext(connection) as asked:
        assert client.get(page).status_code == 200
    return len(asked)


def lists_of(client) -> dict[str, int]:
    return {name: queries(client, address(model, "changelist")) for name, model in OF_LEADS.items()}


def test_a_list_asks_no_more_for_three_times_the_rows(house, admin_client):
    fill(house.project, house.annotator, house.reviewer)
    one = lists_of(admin_client)

    for number in (2, 3):
        project = factories.project()
        author = factories.member(project, "AN", f"other-annotator{number}")
        fill(project, author, factories.member(project, "RE", f"other-reviewer{number}"))

    assert lists_of(admin_client) == one
    assert max(one.values()) <= AT_MOST


def test_a_projects_page_asks_no_more_for_more_members_and_changes(house, lead_client):
    page = reverse("admin:tasks_project_change", args=[house.project.pk])
    factories.projects.update(house.project, {"description": "first"}, actor=house.lead)
    few = queries(lead_client, page)

    for number in range(3):
        factories.member(house.project, "AN", f"more{number}")
        factories.projects.update(house.project, {"description": str(number)}, actor=house.lead)

    assert queries(lead_client, page) == few


def test_an_annotations_page_asks_no_more_for_a_longer_history(house, lead_client):
    page = reverse("admin:tasks_annotation_change", args=[house.annotation.pk])
    factories.reviewed(house.annotation, house.reviewer)
    few = queries(lead_client, page)

    for reviewer in (house.reviewer2, house.reviewer, house.reviewer2):
        factories.reviewed(house.annotation, reviewer)

    assert queries(lead_client, page) == few


def test_no_list_counts_all_there_is():
    assert not any(admin.site.get_model_admin(model).show_full_result_count for model in OF_LEADS.values())
