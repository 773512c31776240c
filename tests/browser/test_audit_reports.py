"""Writing a report in a browser: saved while one types, told when another tab was faster, and for assistive
technology."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from audits import corpus, reports
from audits.models import Report, Revision, Submission
from tests.audits import factories
from tests.browser.test_audits import PHONE, opened  # noqa: F401
from tests.browser.test_crowd_page import violations
from tests.factories import person
from users.models import User


@pytest.fixture
def ada(transactional_db) -> User:
    corpus.forget()
    return person("ada")


@pytest.fixture
def report(ada) -> Report:
    report = reports.create(factories.fitted(factories.dataset(), ada).model, actor=ada)
    reports.add_evidence(report, [report.model.dataset.comments.earliest("pk").pk], actor=ada)
    return report


def write(page: Page, report: Report) -> None:
    page.goto(f"/audits/reports/{report.pk}/")
    page.get_by_label("Title").fill("Friendly hats are removed")
    page.get_by_label("The system is over-sensitive").check()
    page.get_by_label("Summary").fill("Nobody is hurt by a hat.")
    page.get_by_label("Category").select_option("bias")


def test_a_report_from_the_first_word_to_the_register(ada, report, opened, settings, errors, shoot):  # noqa: F811
    settings.AVID_API_URL = "http://127.0.0.1:9/"
    page = opened(ada)
    write(page, report)
    expect(page.locator("#saved")).to_have_text("Saved")
    page.reload()
    expect(page.get_by_label("Summary")).to_have_value("Nobody is hurt by a hat.")
    shoot(page, "audit-report")
    page.get_by_role("button", name="Complete").click()
    page.get_by_role("link", name="See what is sent, and submit").click()
    page.get_by_label("Name", exact=True).fill("Ada Byron")
    page.get_by_label("Publish my name").check()
    page.get_by_role("button", name="Show what is sent").click()
    expect(page.locator("pre")).to_contain_text("Ada Byron")
    shoot(page, "audit-report-submit")
    page.get_by_role("button", name="Submit: make it public").click()
    expect(page.get_by_text("It is sent to the register.")).to_be_visible()
    page.get_by_role("link", name="Its public page").click()
    expect(page.get_by_text("Ada Byron")).to_be_visible()
    shoot(page, "audit-report-public")
    assert Submission.objects.get().name == "Ada Byron"
    assert errors == []


def test_a_tab_that_is_stale_stops_saving_and_loses_nothing(ada, report, opened):  # noqa: F811
    page = opened(ada)
    page.goto(f"/audits/reports/{report.pk}/")
    reports.change(report, {"title": "From another tab"}, actor=ada)
    page.get_by_label("Summary").fill("Typed here")
    expect(page.locator("#saved")).to_contain_text("was changed elsewhere")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_role("alert")).to_contain_text("What you typed is still here")
    expect(page.get_by_label("Summary")).to_have_value("Typed here")
    expect(page.locator(".stored")).to_contain_text("From another tab")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator(".messages")).to_have_text("Saved.")
    report.refresh_from_db()
    assert (report.title, report.summary) == ("", "Typed here")


def test_axe_finds_nothing_in_reports(ada, report, opened, settings, shoot):  # noqa: F811
    settings.AVID_API_URL = "http://127.0.0.1:9/"
    page, found = opened(ada, viewport=PHONE), {}

    def look(name: str) -> None:
        shoot(page, f"audit-{name}-phone")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], name
        found[name] = violations(page)
        page.emulate_media(color_scheme="light")

    def go(role: str, name: Any) -> None:
        # Else the page is looked at that the click leaves.
        with page.expect_navigation():
            page.get_by_role(role, name=name).click()

    page.goto(f"/audits/models/{report.model_id}/reports/")
    go("button", re.compile("^Questions"))
    look("reports")
    write(page, report)
    look("draft")
    go("button", "Complete")
    look("complete")
    go("link", "See what is sent, and submit")
    look("submit")
    go("button", "Submit: make it public")
    look("queued")
    page.goto(f"/audits/public/{Revision.objects.get().public_id}/")
    look("public")
    assert found == {name: [] for name in found}
