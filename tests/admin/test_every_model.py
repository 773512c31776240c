"""Every model: its list and its page open, and a lead sees their own projects only, whichever way they ask."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import reverse

from reviews.models import BulkReview
from users.models import ApiToken, LoginTry

OURS = ("users", "tasks", "reviews", "webhooks", "reviewsite")
MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models()]
# Django's admin cannot hold a composite primary key; these two are indexes of what annotations and reviews say.
COMPOSITE = {"TaskAnnotator", "TaskReviewer"}
REGISTERED = [model for model in MODELS if admin.site.is_registered(model)]
SITE_WIDE = {"User", "ApiToken", "LoginTry", "ProjectTotal", "ProjectDelta", "Heartbeat"}
OF_LEADS = [model for model in REGISTERED if model.__name__ not in SITE_WIDE]

every_registered = pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
every_of_leads = pytest.mark.parametrize("model", OF_LEADS, ids=lambda model: model.__name__)


def address(model: type[models.Model], page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def rows_everywhere(filled, elsewhere, django_user_model):
    """At least one row of every kind, in the lead's project and elsewhere."""
    BulkReview.objects.create(project=filled.project, action="accept", created_by=filled.reviewer)
    BulkReview.objects.create(project=elsewhere.project, action="accept", created_by=elsewhere.lead)
    ApiToken.issue(filled.lead, name="mine")
    LoginTry.objects.create(email_hash="0" * 64, since=filled.project.created_at, tries=1)
    return filled


def test_every_model_is_registered():
    left_out = {model.__name__ for model in MODELS if not admin.site.is_registered(model)}

    assert left_out == COMPOSITE


@every_registered
def test_every_list_and_page_opens_for_an_admin(model, rows_everywhere, admin_client):
    listed = admin_client.get(address(model, "changelist"))
    pages = [admin_client.get(address(model, "change", pk)) for pk in visible(model, rows_everywhere.admin)[:3]]

    assert listed.status_code == 200
    assert {page.status_code for page in pages} <= {200}


def visible(model: type[models.Model], user) -> list[int]:
    rows = model._default_manager.all()
    rows = rows.filter(user=user) if model.__name__ == "Draft" else rows
    return list(rows.values_list("pk", flat=True))


@every_of_leads
def test_every_list_of_a_lead_holds_rows_of_their_project_only(model, rows_everywhere, elsewhere, lead_client):
    listed = lead_client.get(address(model, "changelist"))

    rows = listed.context["cl"].result_list
    model_admin = admin.site.get_model_admin(model)
    assert {model_admin.project_id_of(row) for row in rows} == {rows_everywhere.project.pk}
    assert "elsewhere" not in listed.content.decode()
    assert "Secret letters" not in listed.content.decode()


@every_of_leads
@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_every_page_of_a_row_elsewhere_is_closed_to_a_lead(model, page, rows_everywhere, elsewhere, lead_client):
    model_admin = admin.site.get_model_admin(model)
    theirs = [row for row in model._default_manager.all() if model_admin.project_id_of(row) == elsewhere.project.pk]

    answers = [lead_client.get(address(model, page, row.pk)) for row in theirs]

    assert theirs
    for answer in answers:
        assert answer.status_code in (302, 403, 404)
        assert "Secret" not in answer.content.decode()


@pytest.mark.parametrize("model", [m for m in REGISTERED if m.__name__ in SITE_WIDE], ids=lambda model: model.__name__)
def test_what_belongs_to_the_site_is_closed_to_a_lead(model, rows_everywhere, lead_client):
    keys = model._default_manager.values_list("pk", flat=True)

    pages = [address(model, "changelist"), *(address(model, "change", pk) for pk in keys)]

    assert {lead_client.get(page).status_code for page in pages} <= {302, 403}


@pytest.mark.parametrize("who", ["reviewer", "annotator", "stranger"])
def test_the_admin_is_closed_to_who_is_no_lead(who, house, client):
    person = getattr(house, who)
    person.is_staff = True
    person.save()
    client.force_login(person, backend="users.backends.GuardedPasswordBackend")

    answers = {model.__name__: client.get(address(model, "changelist")).status_code for model in REGISTERED}

    assert set(answers.values()) == {403}


def test_nobody_enters_without_being_staff(house, client):
    client.force_login(house.reviewer, backend="users.backends.GuardedPasswordBackend")

    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize("name", ["History", "Review", "BulkReview", "ProjectChange", "Import", "Event", "Delivery", "Attempt"])
def test_records_are_read_only_for_an_admin(name, rows_everywhere, admin_client):
    model = next(model for model in REGISTERED if model.__name__ == name)
    pk = model._default_manager.values_list("pk", flat=True)[0]

    answers = [
        admin_client.get(address(model, "add")),
        admin_client.post(address(model, "change", pk), {}),
        admin_client.post(address(model, "delete", pk), {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert model._default_manager.filter(pk=pk).exists()
