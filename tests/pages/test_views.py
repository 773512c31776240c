"""The start page, signing in, resetting a password, one's own settings."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from crowd.models import Campaign
from jobs import runner
from jobs.models import Job, State
from tests import factories
from users.jobs import send_password_resets


@pytest.mark.parametrize(
    "path", ["/", "/start/", "/accounts/login/", "/accounts/password_reset/", "/admin/login/", "/api/docs/"]
)
def test_a_page_opens_for_nobody_in_particular(path, db, client):
    answer = client.get(path)

    assert answer.status_code == 200
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)|\son\w+=", answer.content.decode())


def test_the_start_lists_own_projects_with_their_counts(house):
    factories.project(title="Secret letters")
    factories.reviewed(house.annotation, house.reviewer)

    page = factories.browser_of(house.reviewer).get("/")

    assert [
        (row.project.title, row.totals["reviewed"], row.totals["accepted"]) for row in page.context["rows"]
    ] == [("Letters", 1, 1)]
    assert "Secret" not in page.content.decode()


@pytest.fixture
def kettles(house) -> Campaign:
    """A public campaign, the default of the site: `/` leads to it."""
    return Campaign.objects.create(
        project=house.project, slug="kettles", title="Kettles", created_by=house.lead, is_default=True
    )


def test_the_root_leads_everybody_to_the_campaign(house, kettles, client):
    answers = [browser.get("/") for browser in (client, factories.browser_of(house.lead))]

    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, "/review")] * 2


def test_the_start_page_names_the_campaign(house, kettles, client):
    assert '<a href="/review">Kettles</a>' in client.get("/start/").content.decode()
    kettles.is_default = False
    kettles.save()
    assert "Kettles" not in client.get("/start/").content.decode()


def test_the_demo_says_beside_the_button_whom_to_sign_in_as(house, settings, client):
    settings.START_PAGE_HINT = "Accounts are in the terminal."

    pages = [
        browser.get("/start/").content.decode() for browser in (client, factories.browser_of(house.lead))
    ]

    assert ["Accounts are in the terminal." in page for page in pages] == [True, False]


def test_whoever_signs_in_or_out_comes_to_the_start_page(house, kettles, client):
    known = {"username": house.lead.email, "password": factories.PASSWORD}

    assert client.post(reverse("login"), known)["Location"] == "/start/"
    assert client.post(reverse("logout"))["Location"] == "/start/"


@pytest.mark.parametrize("path", ["/nowhere/", "/admin/", "/accounts/profile/", "/start/"])
def test_no_page_links_to_the_root(path, house, kettles):
    house.lead.is_staff = True
    house.lead.save()

    page = factories.browser_of(house.lead).get(path).content.decode()

    assert 'href="/start/"' in page
    assert 'href="/"' not in page


@pytest.mark.parametrize("path", ["/nowhere/", "/accounts/reset/x/y/z/"])
def test_an_unknown_page_is_told_in_words(path, db, client):
    answer = client.get(path)

    assert answer.status_code == 404
    assert "This page does not exist" in answer.content.decode()


@pytest.mark.parametrize("before", [factories.PASSWORD, None])
def test_a_password_is_reset_by_mail(before, house, client, settings):
    settings.BASE_URL, settings.ALLOWED_HOSTS = "https://review.example.org/", ["*"]
    house.reviewer.set_password(before)
    house.reviewer.save()

    # The Host header is whatever the client sends.
    client.post(
        reverse("password_reset"), {"email": house.reviewer.email}, headers={"host": "evil.example.org"}
    )
    send_password_resets()

    (letter,) = mail.outbox
    assert letter.to == [house.reviewer.email]
    assert "evil" not in letter.body
    link = re.search(r"https://review.example.org(/\S+)", letter.body)[1]
    page = client.get(link, follow=True)
    new = {"new_password1": "quite another password", "new_password2": "quite another password"}
    client.post(page.redirect_chain[-1][0], new)
    assert client.login(username=house.reviewer.email, password="quite another password")


@pytest.mark.parametrize("email", ["nobody@example.org", "lead@example.org"])
def test_an_unknown_or_inactive_address_is_answered_alike(email, house, client):
    house.lead.is_active = False
    house.lead.save()

    answer = client.post(reverse("password_reset"), {"email": email})
    send_password_resets()

    assert (answer.status_code, len(mail.outbox)) == (302, 0)


@pytest.mark.parametrize("page", ["login", "admin:login"])
def test_too_many_tries_are_told_how_long_to_wait(page, house, settings, client):
    settings.LOGIN_TRIES = 1
    wrong = {"username": house.lead.email, "password": "wrong"}
    client.post(reverse(page), wrong)

    answer = client.post(reverse(page), wrong)

    assert re.search(r"Too many sign-in attempts. Try again in \d+ seconds.", answer.content.decode())
    assert (answer.status_code, 0 < int(answer["Retry-After"]) <= 300) == (429, True)


@pytest.mark.parametrize("email", ["lead@example.org", "nobody@example.org"])
def test_one_person_gets_few_mails_an_hour_and_the_answer_does_not_say_who_exists(email, house, client):
    answers = [client.post(reverse("password_reset"), {"email": email}) for _ in range(5)]
    send_password_resets()

    assert [answer.status_code for answer in answers] == [302, 302, 302, 429, 429]
    assert "Too many requests for this address." in answers[-1].content.decode()
    assert len(mail.outbox) == (3 if email == house.lead.email else 0)


def test_the_old_password_cannot_be_guessed_in_an_open_session(house, settings):
    settings.LOGIN_TRIES = 3
    browser = factories.browser_of(house.lead)
    new = {"new_password1": "quite another password", "new_password2": "quite another password"}

    answers = [browser.post(reverse("password_change"), {"old_password": "x", **new}) for _ in range(4)]
    blocked = browser.post(reverse("password_change"), {"old_password": factories.PASSWORD, **new})

    assert [answer.status_code for answer in (*answers, blocked)] == [200, 200, 200, 429, 429]
    assert browser.get("/admin/password_change/")["Location"] == reverse("password_change")


def test_own_settings_need_signing_in(db, client: Client):
    assert client.get(reverse("profile")).status_code == 302


# --- the progress of a job --------------------------------------------------------------------------------


@pytest.fixture
def job(house) -> Job:
    return runner.create("import_tasks", created_by=house.lead, project_id=house.project.pk)


def test_progress_of_a_job_polls_until_it_has_ended(house, job, client):
    client.force_login(house.lead)
    address = reverse("job-progress", args=[job.pk])
    Job.objects.update(done=1, total=4, sentence="1 of 4 tasks written", state=State.RUNNING)

    running = client.get(address).content.decode()
    runner.cancel(job)
    ended = client.get(address).content.decode()

    assert f'hx-get="{address}"' in running
    assert 'max="4" value="1" aria-label="Import"' in running
    assert "Running: 1 of 4 tasks written" in running
    assert "hx-get" not in ended
    assert "Cancelled: Import cancelled. Nothing was imported." in ended


def test_progress_of_a_job_elsewhere_is_not_found(house, job, client):
    client.force_login(house.annotator)

    assert client.get(reverse("job-progress", args=[job.pk])).status_code == 404
