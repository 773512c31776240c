"""A list asks the database as often for three rows as for one."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories

from .conftest import fill
from .test_every_model import OF_LEADS, address

AT_MOST = 16


def queries(client, page: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(page).status_code == 200
    return len(asked)


@pytest.mark.parametrize("model", OF_LEADS, ids=lambda model: model.__name__)
def test_a_list_asks_no_more_for_three_times_the_rows(model, house, admin_client):
    fill(house.project, house.annotator, house.reviewer)
    one = queries(admin_client, address(model, "changelist"))

    for number in (2, 3):
        lead = factories.person(f"lead{number}", may_create_projects=True)
        project = factories.project(lead=lead)
        fill(
            project, factories.member(project, "AN", f"annotator{number}0"), factories.member(project, "RE", f"reviewer{number}0")
        )
    three = queries(admin_client, address(model, "changelist"))

    assert three == one <= AT_MOST


def test_a_projects_page_asks_no_more_for_more_members_and_changes(house, lead_client):
    page = reverse("admin:tasks_project_change", args=[house.project.pk])
    few = queries(lead_client, page)

    for number in range(3):
        factories.member(house.project, "AN", f"more{number}")
        factories.projects.update(house.project, {"description": str(number)}, actor=house.lead)

    assert queries(lead_client, page) == few


def test_every_list_of_leads_has_a_paginator_that_stops_counting():
    assert all(admin.site.get_model_admin(model).show_full_result_count is False for model in OF_LEADS)
