"""The webhook sink in a browser: arrivals appear without a reload, and a switch makes them fail."""

import pytest
from playwright.sync_api import expect

from devserver.sink import endpoint
from tests.factories import reviewed
from webhooks.sender import drain


@pytest.fixture
def hook(house, live_server, settings):
    settings.DEMO, settings.WEBHOOK_ALLOWED_NETWORKS, settings.BASE_URL = (
        True,
        ["127.0.0.0/8", "::1/128"],
        live_server.url,
    )
    return endpoint.ensure(house.project, actor=house.lead)


def test_arrivals_are_shown_as_they_come(house, hook, page_of, errors):
    page = page_of(house.lead)
    page.goto("/demo/sink/")
    expect(page.get_by_text("Nothing has arrived yet")).to_be_visible()
    page.get_by_role("button", name="Fail (500)").click()
    expect(page.get_by_role("button", name="Fail (500)")).to_have_attribute("aria-pressed", "true")

    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)

    row = page.locator("tr", has_text="ANNOTATION_ACCEPTED")
    expect(row).to_contain_text("verified")
    expect(row).to_contain_text("1 of 10")
    expect(row).to_contain_text("500")
    expect(row).to_contain_text("Next attempt at")
    assert errors == []
