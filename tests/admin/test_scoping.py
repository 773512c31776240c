"""Side doors: autocompletes, popups, filters, forged fields. A lead finds nothing of what is not theirs."""

import pytest
from django.urls import reverse

from tasks.models import Annotation
from tasks.services import members
from tests import factories
from users.capabilities import Role
from users.models import ApiToken, User
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


def person_page(user: User) -> str:
    return reverse("admin:users_user_change", args=[user.pk])


def person_form(user: User, **changes) -> dict:
    fields = (
        "email",
        "first_name",
        "last_name",
        "phone",
        "timezone",
        "site_role",
        "is_staff",
        "is_active",
        "may_create_projects",
    )
    data = {name: getattr(user, name) for name in fields} | changes
    return {name: value for name, value in data.items() if value}


@pytest.mark.parametrize(
    "grab", [{"is_superuser": "on"}, {"is_staff": "on"}, {"site_role": "AD"}, {"site_role": "OW"}]
)
@pytest.mark.parametrize("whom", ["lead", "stranger"])
def test_a_lead_lifts_nobody(grab, whom, house, lead_client):
    person = getattr(house, whom)
    before = (person.is_superuser, person.is_staff, person.site_role)

    answer = lead_client.post(person_page(person), person_form(person, **grab))

    person.refresh_from_db()
    assert answer.status_code in (302, 403)
    assert (person.is_superuser, person.is_staff, person.site_role) == before


def test_a_lead_lifts_nobody_by_the_profile_page(house, lead_client):
    data = {
        "first_name": "L",
        "last_name": "",
        "timezone": "Europe/Berlin",
        "is_superuser": "on",
        "site_role": "OW",
    }

    lead_client.post(reverse("profile"), data)

    house.lead.refresh_from_db()
    assert (house.lead.timezone, house.lead.is_superuser, house.lead.site_role) == (
        "Europe/Berlin",
        False,
        "",
    )


@pytest.mark.parametrize(
    "grab", [{"is_superuser": "on"}, {"site_role": "OW"}, {"site_role": ""}, {"is_staff": ""}]
)
def test_an_administrator_does_not_change_their_own_rank(grab, house, admin_client):
    admin_client.post(person_page(house.admin), person_form(house.admin, **grab))

    house.admin.refresh_from_db()
    assert (house.admin.is_superuser, house.admin.site_role, house.admin.is_staff) == (False, "AD", True)


def test_an_administrator_makes_administrators_but_no_owner(house, admin_client):
    refused = admin_client.post(person_page(house.stranger), person_form(house.stranger, site_role="OW"))
    admin_client.post(person_page(house.reviewer), person_form(house.reviewer, site_role="AD"))

    house.stranger.refresh_from_db()
    house.reviewer.refresh_from_db()
    assert list(refused.context["adminform"].form.errors) == ["site_role"]
    assert (house.stranger.site_role, house.reviewer.site_role) == ("", "AD")


@pytest.fixture
def owner(house) -> User:
    return factories.person("owner", site_role=Role.OWNER, is_staff=True)


def test_an_administrator_does_not_touch_an_owner(owner, admin_client):
    before = owner.password
    new = {
        "password1": "another long password",
        "password2": "another long password",
        "usable_password": "true",
    }

    answers = [
        admin_client.post(person_page(owner), person_form(owner, email="mine@example.org")),
        admin_client.post(reverse("admin:auth_user_password_change", args=[owner.pk]), new),
        admin_client.post(reverse("admin:users_apitoken_add"), {"user": owner.pk, "name": "lift"}),
    ]

    owner.refresh_from_db()
    assert [answer.status_code for answer in answers] == [403, 403, 200]
    assert (owner.email, owner.password) == ("owner@example.org", before)
    assert not ApiToken.objects.exists()


def test_a_token_is_shown_once_and_revoked(house, admin_client):
    made = admin_client.post(
        reverse("admin:users_apitoken_add"), {"user": house.reviewer.pk, "name": "laptop"}
    )

    token = ApiToken.objects.get()
    assert token.key_hash == ApiToken.hash(made.context["key"])
    assert "no-store" in made["Cache-Control"]
    page = admin_client.get(reverse("admin:users_apitoken_change", args=[token.pk])).content.decode()
    assert made.context["key"] not in page
    assert token.key_hash not in page

    admin_client.post(
        reverse("admin:users_apitoken_changelist"), {"action": "revoke", "_selected_action": [token.pk]}
    )
    token.refresh_from_db()
    assert token.revoked_at


def test_a_new_person_signs_in_with_the_email_in_any_case(house, admin_client, client):
    data = {
        "email": "New@Example.org",
        "usable_password": "true",
        "password1": factories.PASSWORD,
        "password2": factories.PASSWORD,
    }

    admin_client.post(reverse("admin:users_user_add"), data)

    assert User.objects.get(email="new@example.org").is_staff is False
    answer = client.post(reverse("login"), {"username": "NEW@example.org", "password": factories.PASSWORD})
    assert answer.status_code == 302
