"""The pictures of audits in a browser: from a topic to evidence, by keyboard, on a phone, on paper, and for
assistive technology."""

import re

import pytest
from playwright.sync_api import Page, expect

from audits import corpus, fitting
from audits.models import Report, Version
from tests.audits import factories
from tests.browser.test_crowd_page import violations
from tests.factories import person

PHONE = {"width": 360, "height": 800}


@pytest.fixture
def version(transactional_db) -> Version:
    corpus.forget()
    fitted = factories.fitted(factories.dataset(), person("ada"), strictness=0.4)
    return fitting.require_version(fitted.model)


@pytest.fixture
def page(version, page_of) -> Page:
    return page_of(version.model.owner)


def is_wider_than_its_window(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_from_a_square_to_evidence(version, page, errors):
    page.goto(f"/audits/models/{version.model.pk}/topics/")
    page.get_by_role("link", name=re.compile("^sourdough: ")).click()
    expect(page.get_by_role("heading", name="Comments of a topic: sourdough")).to_be_visible()

    page.locator("[name=error_type]").select_option("under")
    page.get_by_role("button", name="Show").click()
    boxes = page.get_by_role("checkbox")
    for number in range(2):
        boxes.nth(number).check()
    page.get_by_role("button", name="Add evidence").click()

    expect(page.get_by_role("status")).to_contain_text("2 comments are evidence now.")
    expect(page).to_have_url(re.compile(r"topic=\d+.*error_type=under.*report=\d+#evidence$"))
    boxes.nth(2).check()
    page.get_by_role("button", name="Add evidence").click()
    expect(page.get_by_role("status")).to_contain_text("1 comment is evidence now.")
    assert Report.objects.get().evidence.count() == 3
    assert errors == []


def test_the_picture_of_topics_is_read_and_left_by_keyboard(version, page):
    page.goto(f"/audits/models/{version.model.pk}/topics/")
    picture = page.get_by_role("group", name="Topics: Mean rating, as the model predicts it")
    expect(picture.get_by_role("link")).to_have_count(7)

    page.get_by_role("link", name="Skip the picture").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.closest('table') !== null")


def test_axe_finds_nothing_and_a_phone_shows_it_all(version, page, errors, shoot):
    model = version.model
    addresses = {
        "topics": f"/audits/models/{model.pk}/topics/?stat=avg_diff",
        "comments": f"/audits/models/{model.pk}/comments/",
        "system-topics": f"/audits/datasets/{model.dataset_id}/topics/",
        "system-comments": f"/audits/datasets/{model.dataset_id}/comments/?q=a",
        "model": f"/audits/models/{model.pk}/",
    }
    found, too_wide = {}, []
    for name, address in addresses.items():
        page.goto(address)
        found[name] = violations(page)
        shoot(page, f"audit-{name}")
        wide = page.viewport_size
        page.set_viewport_size(PHONE)
        if is_wider_than_its_window(page):
            too_wide.append(name)
        shoot(page, f"audit-{name}-phone")
        page.set_viewport_size(wide)
    assert found == dict.fromkeys(addresses, [])
    assert too_wide == []
    assert errors == []


def test_on_paper_the_picture_is_whole(version, page):
    page.goto(f"/audits/models/{version.model.pk}/topics/")
    page.set_viewport_size({"width": 500, "height": 800})
    page.emulate_media(media="print")

    width = page.locator(".topics-chart").bounding_box()["width"]

    assert width <= 500
