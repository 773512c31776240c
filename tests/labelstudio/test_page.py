"""The page that starts Label Studio's own web application: opt-in, signed in, and strict about scripts."""

import json
import re

import pytest

from labelstudio import frontend
from tests import factories


@pytest.fixture
def reader(db, client):
    client.force_login(factories.person("reader", last_name="</script>"))
    return client


@pytest.fixture
def fetched(settings, monkeypatch):
    settings.LABEL_STUDIO_PAGE = True
    monkeypatch.setattr(frontend, "is_present", lambda: True)


def directives(response):
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_page_gives_the_application_its_settings(reader, fetched):
    response = reader.get("/label-studio/projects/1/data")

    text = re.search(r'id="app-settings-json"[^>]*>(.*?)</script>', response.content.decode()).group(1)
    found = json.loads(text)
    assert found["hostname"] == "http://testserver/label-studio"
    assert (found["user"]["email"], found["user"]["lastName"]) == ("reader@example.org", "</script>")
    assert found["collect_analytics"] is False
    assert "csrftoken" in response.cookies


def test_page_allows_inline_styles_and_no_other_scripts_than_ours(reader, fetched):
    found = directives(reader.get("/label-studio/"))
    assert found["script-src"] == ["'self'"]
    assert found["style-src"] == ["'self'", "'unsafe-inline'"]
    assert found["object-src"] == ["'self'"]  # the editor embeds a PDF


def test_other_pages_stay_strict(reader, fetched):
    found = directives(reader.get("/"))
    assert (found["style-src"], found["object-src"]) == (["'self'"], ["'none'"])


def test_page_says_how_to_fetch_what_is_absent(reader, settings, monkeypatch):
    settings.LABEL_STUDIO_PAGE = True
    monkeypatch.setattr(frontend, "is_present", lambda: False)

    response = reader.get("/label-studio/projects")

    assert response.status_code == 503
    assert "make frontend" in response.content.decode()


def test_page_is_not_there_unless_switched_on(reader, settings):
    settings.LABEL_STUDIO_PAGE = False
    assert reader.get("/label-studio/").status_code == 404
    assert "/label-studio/" not in reader.get("/").content.decode()


def test_the_start_page_leads_there_where_it_is_on(reader, fetched):
    assert 'href="/label-studio/"' in reader.get("/").content.decode()


def test_page_asks_a_stranger_to_sign_in(db, client, fetched):
    response = client.get("/label-studio/projects/1/data")
    assert (response.status_code, response["Location"]) == (
        302,
        "/accounts/login/?next=/label-studio/projects/1/data",
    )
