"""Side doors: autocompletes, popups, filters, forged fields. A lead finds nothing of what is not theirs."""

import pytest
from django.urls import reverse

from tasks.models import Annotation
from tasks.services import members
from users.capabilities import Role
from webhooks.models import Webhook

AUTOCOMPLETE = reverse("admin:autocomplete")


def offered(client, app: str, model: str, field: str, term: str = "") -> list[str] | int:
    answer = client.get(
        AUTOCOMPLETE, {"app_label": app, "model_name": model, "field_name": field, "term": term}
    )
    return (
        [row["text"] for row in answer.json()["results"]] if answer.status_code == 200 else answer.status_code
    )


@pytest.mark.parametrize("model", [("tasks", "task"), ("webhooks", "webhook")])
def test_autocomplete_offers_own_projects(model, house, elsewhere, lead_client, admin_client):
    assert offered(lead_client, *model, "project") == ["Letters"]
    assert offered(admin_client, *model, "project") == ["Secret letters", "Letters"]


def test_autocomplete_of_people_is_closed_to_a_lead(house, lead_client, admin_client):
    assert offered(lead_client, "users", "apitoken", "user") == 403
    assert "stranger@example.org" in offered(admin_client, "users", "apitoken", "user")


def test_a_popup_lists_own_tasks(house, elsewhere, lead_client):
    answer = lead_client.get(reverse("admin:tasks_task_changelist"), {"_popup": 1, "_to_field": "id"})

    assert [row.pk for row in answer.context["cl"].result_list] == [house.task.pk]


@pytest.mark.parametrize(
    "model",
    [
        "tasks_task",
        "tasks_annotation",
        "tasks_history",
        "reviews_review",
        "tasks_membership",
        "webhooks_webhook",
    ],
)
def test_filters_name_nobody_elsewhere(model, filled, elsewhere, lead_client):
    page = lead_client.get(reverse(f"admin:{model}_changelist")).content.decode()

    assert "Letters" in page
    assert "Secret" not in page
    assert "elsewhere" not in page


@pytest.mark.parametrize(
    "query",
    ["project={project}", "author={author}", "q={annotation}", "q=elsewhere-annotator", "id={annotation}"],
)
def test_a_query_about_elsewhere_finds_nothing(query, filled, elsewhere, lead_client):
    annotation = elsewhere.annotation
    query = query.format(
        project=elsewhere.project.pk, author=annotation.completed_by_id, annotation=annotation.pk
    )

    rows = (
        lead_client.get(f"{reverse('admin:tasks_annotation_changelist')}?{query}").context["cl"].result_list
    )

    assert annotation.pk not in {row.pk for row in rows}


@pytest.mark.parametrize(
    "lookup", ["completed_by__password__startswith", "completed_by__email__startswith", "project__title"]
)
def test_a_lookup_across_a_relation_is_refused(lookup, filled, lead_client):
    answer = lead_client.get(f"{reverse('admin:tasks_annotation_changelist')}?{lookup}=a")

    assert answer.status_code in (302, 400)


def test_a_draft_annotation_is_hidden(house, lead_client):
    Annotation.objects.filter(pk=house.annotation.pk).update(is_draft=True)

    assert not lead_client.get(reverse("admin:tasks_annotation_changelist")).context["cl"].result_list


def test_a_lead_sees_the_project_they_manage_and_not_the_one_they_review_in(house, elsewhere, lead_client):
    members.set_role(elsewhere.project, house.lead, Role.REVIEWER)

    rows = lead_client.get(reverse("admin:tasks_project_changelist")).context["cl"].result_list

    assert list(rows) == [house.project]


def test_headers_of_an_endpoint_are_not_shown(filled, lead_client):
    endpoint = Webhook.objects.get(project=filled.project)

    page = lead_client.get(reverse("admin:webhooks_webhook_change", args=[endpoint.pk])).content.decode()

    assert "X-Key" in page
    assert "hidden-value" not in page


def test_an_endpoint_of_the_whole_site_is_refused_to_a_lead(house, lead_client):
    answer = lead_client.post(
        reverse("admin:webhooks_webhook_add"), {"url": "https://receiver.example/", "is_active": "on"}
    )

    assert "administrators only" in answer.content.decode()


def test_the_secret_of_an_endpoint_is_shown_once(house, lead_client):
    data = {"url": "https://receiver.example/", "is_active": "on", "project": house.project.pk}

    answer = lead_client.post(reverse("admin:webhooks_webhook_add"), data)

    assert answer.context["key"].startswith("whsec_")
    assert "no-store" in answer["Cache-Control"]


# --- rank ----------------------------------------------------------------------------------------
