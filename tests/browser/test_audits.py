"""An audit in a browser: the whole way by mouse and keys, without JavaScript on a phone, and for assistive
technology."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from audits import corpus
from audits.models import AuditModel, Dataset, Label, Version
from tests.audits import factories
from tests.browser.test_crowd_page import violations
from tests.factories import person
from users.models import User

WIDE, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture
def dataset(transactional_db) -> Dataset:
    corpus.forget()
    dataset = factories.dataset()
    Dataset.objects.filter(pk=dataset.pk).update(content_warning="Insults, some of them harsh.")
    return dataset


@pytest.fixture
def ada(dataset) -> User:
    return person("ada")


@pytest.fixture
def opened(new_page, live_server) -> Callable[..., Page]:
    """opened(user, **options of the browser's context): the list of data sets."""

    def open_page(user: User, **options) -> Page:
        page = new_page(**({"viewport": WIDE} | options))
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
        )
        page.goto("/audits/")
        return page

    return open_page


def begin(page: Page) -> None:
    """From the list of data sets to the first comments."""
    page.get_by_role("link", name="Explore Made-up comments").click()
    page.get_by_role("button", name="I understand, go on").click()
    page.get_by_role("button", name="Label comments yourself").click()
    expect(page.get_by_role("heading", name="How toxic is this, for you?")).to_be_visible()


def choose(page: Page, row: int, value: str) -> None:
    page.locator("tbody tr").nth(row).locator(f"label:has(input[value='{value}'])").click()


def test_from_the_list_to_the_topics(ada, opened, errors, shoot):
    page = opened(ada)
    begin(page)
    shoot(page, "audit-label")
    for value in ("0", "1", "2", "3", "4", "u"):
        page.keyboard.press(value)
    expect(page.get_by_role("status")).to_contain_text("5 labelled, 1 unsure")
    choose(page, 5, "4")  # a correction
    expect(page.get_by_role("status")).to_contain_text("6 labelled, 14 to go")
    assert [label.value for label in Label.objects.order_by("pk")] == [0, 1, 2, 3, 4, 4]

    page.reload()
    expect(page.locator("tbody input:checked")).to_have_count(6)
    for row in range(6, 20):
        choose(page, row, str(row % 5))
    expect(page.get_by_text("All done: make your model.")).to_be_visible()
    page.get_by_role("button", name="Save and make my model").click()

    expect(page.get_by_role("heading", name="Does it know you?")).to_be_visible()
    shoot(page, "audit-model")
    page.get_by_role("link", name="See where you differ, by topic").click()
    expect(page.get_by_role("heading", name="Topics: where the system differs")).to_be_visible()
    assert Version.objects.get().labels == 20
    assert errors == []


def test_labels_without_javascript_on_a_phone(ada, opened):
    page = opened(ada, java_script_enabled=False, viewport=PHONE)
    begin(page)
    for row in range(9):
        choose(page, row, "3")
    page.get_by_role("button", name="Save and make my model").click()
    expect(page.get_by_role("alert")).to_contain_text("A model needs 10 labels and has 9.")
    expect(page.locator("tbody input:checked")).to_have_count(9)

    choose(page, 9, "1")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messages")).to_have_text("Saved.")
    page.get_by_role("button", name="Save and make my model").click()

    expect(page.get_by_role("heading", name="Does it know you?")).to_be_visible()
    assert Version.objects.get().labels == 10


def test_a_label_that_did_not_arrive_is_sent_again(ada, opened, errors):
    page = opened(ada)
    begin(page)
    page.clock.install()
    page.route("**/label/", lambda route: route.abort())
    choose(page, 0, "2")
    expect(page.get_by_text("Not saved yet. It is tried again.")).to_be_visible()
    page.unroute("**/label/")

    page.clock.run_for(6_000)

    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert Label.objects.get().value == 2


def test_axe_finds_nothing(ada, dataset, opened, shoot):
    page, found = opened(ada, viewport=PHONE), {}

    def look(name: str) -> None:
        shoot(page, f"audit-{name}-phone")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], name
        found[name] = violations(page)
        page.emulate_media(color_scheme="light")

    look("index")
    page.get_by_role("link", name=re.compile("^Explore")).click()
    look("warning")
    page.get_by_role("button", name="I understand, go on").click()
    look("explore")
    page.goto(f"/audits/datasets/{dataset.pk}/models/new/?kind=group&gender=female")
    look("group")
    page.goto(f"/audits/datasets/{dataset.pk}/")
    page.get_by_role("button", name="Label comments yourself").click()
    look("label")
    model = AuditModel.objects.get()
    factories.answer(model, list(dataset.comments.all()[:30]))
    for _ in range(2):
        page.goto(f"/audits/models/{model.pk}/")
        page.get_by_role("button", name=re.compile("^Fit")).click()
        Label.objects.update(changed_at="2100-01-01T00:00Z")
    look("model")

    assert found == {name: [] for name in found}
