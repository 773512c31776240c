"""Every model: its list and its page open, and a lead sees their own projects only, whichever way they ask.

Each test asks for all models in one go: the rows cost more than the questions.
"""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import reverse

from jobs import runner
from reviews.models import BulkReview
from tasks.models import Upload
from tasks.services import tabs
from tests.admin_fixtures import sign_in
from users.models import ApiToken, LoginTry, PasswordResetRequest

OURS = ("users", "jobs", "tasks", "reviews", "webhooks", "crowd", "audits", "reviewsite", "devserver")
MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models()]
# Django's admin cannot hold a composite primary key; these two are indexes of what annotations and reviews
# say.
COMPOSITE = {"TaskAnnotator", "TaskReviewer"}
# What is searched of a task, written by a trigger.
SEARCHED = {"TaskText"}
# Of an audit: what people made is theirs alone, and what was imported is read on their pages.
OF_AUDITORS = {"AuditModel", "ServedComment", "Label", "Version", "Report", "Evidence", "Revision"}
IMPORTED = {"audits.Comment", "Rater", "Rating"}


def name_of(model: type[models.Model]) -> str:
    """Two apps have comments and submissions."""
    name = model.__name__
    return (
        f"audits.{name}" if model._meta.app_label == "audits" and name in ("Comment", "Submission") else name
    )


REGISTERED = {name_of(model): model for model in MODELS if admin.site.is_registered(model)}
SITE_WIDE = (
    "User",
    "ApiToken",
    "Session",
    "LoginTry",
    "PasswordResetRequest",
    "ProjectTotal",
    "ProjectDelta",
    "Heartbeat",
    "Reviewer",
    "Sink",
    "Received",
)
OF_LEADS = {name: model for name, model in REGISTERED.items() if name not in SITE_WIDE}
RECORDS = (
    "History",
    "Review",
    "BulkReview",
    "Correction",
    "Dispute",
    "FinalPick",
    "LabelConfigVersion",
    "ProjectChange",
    "Import",
    "Job",
    "View",
    "Event",
    "Delivery",
    "Attempt",
    "Item",
    "Slot",
    "Submission",
    "Participation",
    "Skip",
    "Measurement",
    "ReviewerMeasure",
    "CampaignCount",
    "BaseModel",
    "audits.Submission",
)


def address(model: type[models.Model], page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def rows_of(model: type[models.Model], project) -> list[models.Model]:
    project_id_of = admin.site.get_model_admin(model).project_id_of
    return [row for row in model._default_manager.all() if project_id_of(row) == project.pk]


@pytest.fixture
def rows_everywhere(filled, elsewhere):
    """At least one row of every kind, in the lead's project and elsewhere."""
    BulkReview.objects.create(project=filled.project, action="accept", created_by=filled.reviewer)
    BulkReview.objects.create(project=elsewhere.project, action="accept", created_by=elsewhere.lead)
    for place in (filled, elsewhere):
        Upload.objects.create(
            project=place.project, name="a.png", file="a", size=1, sha256="a", created_by=place.lead
        )
        runner.create("import_tasks", created_by=place.lead, project_id=place.project.pk)
    tabs.ensure_defaults(filled.project)
    tabs.ensure_defaults(elsewhere.project)
    ApiToken.issue(filled.lead, name="mine")
    LoginTry.objects.create(key="0" * 64, kind="email", until=filled.project.created_at, tries=1)
    PasswordResetRequest.objects.create(email="lead@example.org")
    return filled


def test_every_model_is_registered():
    left_out = {name_of(model) for model in MODELS if not admin.site.is_registered(model)}

    assert left_out == COMPOSITE | SEARCHED | OF_AUDITORS | IMPORTED


def test_every_list_and_page_opens_for_an_admin(rows_everywhere, admin_client):
    answers = {}
    for name, model in REGISTERED.items():
        keys = model._default_manager.values_list("pk", flat=True)[:2]
        # Drafts are their author's own, also before an admin.
        pages = [] if name == "Draft" else [address(model, "change", pk) for pk in keys]
        answers[name] = {
            admin_client.get(page).status_code for page in [address(model, "changelist"), *pages]
        }

    assert answers == dict.fromkeys(REGISTERED, {200})


def test_every_list_sorts_by_each_of_its_columns(rows_everywhere, admin_client):
    answers = {}
    for name, model in REGISTERED.items():
        columns = range(1, len(admin.site.get_model_admin(model).list_display) + 1)
        answers[name] = {
            admin_client.get(address(model, "changelist"), {"o": f"-{column}"}).status_code
            for column in columns
        }

    assert answers == dict.fromkeys(REGISTERED, {200})


def test_every_list_and_page_of_a_lead_is_of_their_project_only(rows_everywhere, elsewhere, lead_client):
    for model in OF_LEADS.values():
        listed = lead_client.get(address(model, "changelist"))
        (own,) = {
            admin.site.get_model_admin(model).project_id_of(row) for row in listed.context["cl"].result_list
        }
        first = listed.context["cl"].result_list[0]
        pages = listed.content.decode() + lead_client.get(address(model, "change", first.pk)).content.decode()

        assert own == rows_everywhere.project.pk
        assert "elsewhere" not in pages
        assert "Secret letters" not in pages


def test_every_page_of_a_row_elsewhere_is_closed_to_a_lead(rows_everywhere, elsewhere, lead_client):
    for name, model in OF_LEADS.items():
        theirs = rows_of(model, elsewhere.project)[0]

        answers = [
            lead_client.get(address(model, page, theirs.pk)) for page in ("change", "delete", "history")
        ]
        answers.append(lead_client.post(address(model, "change", theirs.pk), {"title": "Mine now"}))
        answers.append(lead_client.post(address(model, "delete", theirs.pk), {"post": "yes"}))

        assert {answer.status_code for answer in answers} <= {302, 403, 404}, name
        assert not any("Secret" in answer.content.decode() for answer in answers)
        assert model._default_manager.filter(pk=theirs.pk).exists()


def test_what_belongs_to_the_site_is_closed_to_a_lead(rows_everywhere, lead_client):
    answers = set()
    for model in (REGISTERED[name] for name in SITE_WIDE):
        keys = model._default_manager.values_list("pk", flat=True)[:2]
        pages = [address(model, "changelist"), *(address(model, "change", pk) for pk in keys)]
        answers |= {lead_client.get(page).status_code for page in pages}

    assert answers <= {302, 403}


@pytest.mark.parametrize("who", ["reviewer", "annotator", "stranger"])
def test_the_admin_is_closed_to_who_is_no_lead(who, house):
    person = getattr(house, who)
    person.is_staff = True
    person.save()
    client = sign_in(person)

    answers = {
        name: client.get(address(model, "changelist")).status_code for name, model in REGISTERED.items()
    }

    assert answers == dict.fromkeys(REGISTERED, 403)


def test_nobody_enters_without_being_staff(house):
    assert sign_in(house.reviewer).get(reverse("admin:index")).status_code == 302


def test_records_are_read_only_for_an_admin(rows_everywhere, admin_client):
    for name in RECORDS:
        model = REGISTERED[name]
        pk = model._default_manager.values_list("pk", flat=True)[0]

        answers = [
            admin_client.get(address(model, "add")),
            admin_client.post(address(model, "change", pk), {}),
            admin_client.post(address(model, "delete", pk), {"post": "yes"}),
        ]

        assert [answer.status_code for answer in answers] == [403, 403, 403], name
        assert model._default_manager.filter(pk=pk).exists()
