"""Who gets which page of a campaign: every route, as everybody."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from crowd import jobs
from crowd.models import Campaign, CampaignState, Item, Participation, Slot, Submission
from tests.admin_fixtures import sign_in
from users.models import User

from ..factories import review_next, reviewer

# Name → what a lead of the project gets from GET and from an empty POST.
ROUTES = {
    "change": (200, 200),
    "history": (200, 200),
    "watch": (200, 200),
    "share": (200, 200),
    "report": (200, 200),
    "cancel": (302, 302),
    "download": (200, 200),
    "import": (200, 200),
    "pause": (302, 302),
    "resume": (302, 302),
    "close": (200, 302),
    "target": (200, 200),
    "release": (200, 302),
    "block": (200, 302),
    "unblock": (200, 302),
    "link": (200, 200),
    "expiry": (200, 302),
    "default": (404, 404),
    "restore": (200, 200),
    "images": (200, 200),
    "export": (302, 302),
    "push": (200, 302),
    "apply": (200, 302),
}
ROWS = (Item, Slot, Submission, Participation)


def addresses(campaign: Campaign) -> dict[str, str]:
    job = jobs.start_export(campaign, campaign.created_by)
    who = Participation.objects.filter(campaign=campaign).first()
    more = {"report": [job.pk], "cancel": [job.pk], "download": [job.pk]}
    more |= {"block": [who.reviewer_id], "unblock": [who.reviewer_id]}
    return {
        name: reverse(f"admin:crowd_campaign_{name}", args=[campaign.pk, *more.get(name, ())])
        for name in ROUTES
    }


def answers(client: Client, campaign: Campaign) -> dict[str, tuple[int, int]]:
    return {
        name: (client.get(path).status_code, client.post(path).status_code)
        for name, path in addresses(campaign).items()
    }


@pytest.mark.django_db(transaction=True)
def test_a_lead_opens_every_page_of_their_campaign(campaign, house, lead_client):
    review_next(campaign, reviewer())

    assert answers(lead_client, campaign) == ROUTES


@pytest.mark.django_db(transaction=True)
def test_every_page_of_a_campaign_elsewhere_is_404_and_names_nothing(elsewhere, house, lead_client):
    before = Campaign.objects.values().get()
    closed = {}
    for name, path in addresses(elsewhere).items():
        for answer in (lead_client.get(path), lead_client.post(path, {"title": "Mine now"})):
            closed.setdefault(name, []).append(answer.status_code)
            assert b"Secret" not in answer.content
            assert b"secret" not in answer.content.replace(path.encode(), b"")

    assert closed == dict.fromkeys(ROUTES, [404, 404])
    assert Campaign.objects.values().get() == before
    assert not LogEntry.objects.exists()


def people(house) -> dict[str, tuple[User, bool, int]]:
    """Who, whether they are staff, and what they get: staff without a project to manage find nothing."""
    return {
        "reviewer": (house.reviewer, False, 302),
        "annotator": (house.annotator, False, 302),
        "reviewer who is staff": (house.reviewer2, True, 404),
        "annotator who is staff": (house.annotator2, True, 404),
        "stranger who is staff": (house.stranger, True, 404),
    }


@pytest.mark.django_db(transaction=True)
def test_nobody_but_managers_gets_in(campaign, house):
    review_next(campaign, reviewer())
    paths = addresses(campaign).values()
    before = Campaign.objects.values().get()
    found = {}
    for name, (person, is_staff, _) in people(house).items():
        person.is_staff = is_staff
        person.save()
        client = sign_in(person)
        found[name] = {client.get(path).status_code for path in paths}
        found[name] |= {client.post(path).status_code for path in paths}

    # Django refuses the two pages that are its own with 403, before it looks for the row.
    assert {name: statuses - {403} for name, statuses in found.items()} == {
        name: {status} for name, (_, _, status) in people(house).items()
    }
    assert Campaign.objects.values().get() == before


def test_rows_of_a_campaign_elsewhere_are_in_no_list_and_on_no_page(campaign, elsewhere, lead_client):
    review_next(campaign, reviewer())
    for model in ROWS:
        name = f"admin:crowd_{model._meta.model_name}"
        listed = lead_client.get(reverse(f"{name}_changelist"))
        asked = lead_client.get(reverse(f"{name}_changelist"), {"campaign": elsewhere.pk})
        theirs = model.objects.filter(campaign=elsewhere).first()
        page = lead_client.get(reverse(f"{name}_change", args=[theirs.pk]))

        assert {row.campaign_id for row in listed.context["cl"].result_list} == {campaign.pk}
        assert not asked.context["cl"].result_list
        assert page.status_code == 404
        assert "ecret" not in listed.content.decode() + asked.content.decode() + page.content.decode()


def test_an_administrator_sees_campaigns_of_all_projects(campaign, elsewhere, admin_client):
    listed = admin_client.get(reverse("admin:crowd_campaign_changelist"))

    assert {row.pk for row in listed.context["cl"].result_list} == {campaign.pk, elsewhere.pk}


def test_only_administrators_choose_the_campaign_of_the_site(campaign, admin_client, lead_client):
    path = reverse("admin:crowd_campaign_default", args=[campaign.pk])

    assert lead_client.post(path).status_code == 404
    assert "/review" in admin_client.get(path).content.decode()
    admin_client.post(path)

    assert Campaign.objects.get(is_default=True) == campaign


def test_a_job_of_another_campaign_is_not_found_under_this_one(campaign, house, lead_client):
    other = Campaign.objects.create(
        project=house.project, slug="other", title="Other", created_by=house.lead, state=CampaignState.PAUSED
    )
    job = jobs.runner.create(
        "crowd_import", created_by=house.lead, project_id=house.project.pk, subject_id=other.pk
    )

    answer = lead_client.get(reverse("admin:crowd_campaign_report", args=[campaign.pk, job.pk]))

    assert answer.status_code == 404
