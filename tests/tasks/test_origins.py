"""The hosts a project takes its media from: what may be written there, by whom, and which pages it opens."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from labelstudio import frontend
from tasks.models import ProjectChange
from tasks.origins import MAX_ORIGINS, validate_origin
from tests.factories import client_of, project

PICTURES = "https://pictures.example.org"


@pytest.mark.parametrize(
    "origin",
    [
        PICTURES,
        f"{PICTURES}:8443",
        "https://localhost",
        "https://10.0.0.7:9000",
        "http://localhost:9000",
        "http://127.0.0.1",
    ],
)
def test_an_origin_is_scheme_and_host(origin):
    validate_origin(origin)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "https://*",
        "https://*.example.org",
        "pictures.example.org",
        "http://pictures.example.org",
        "http://localhost.example.org",
        "ftp://example.org",
        "data:",
        "'unsafe-inline'",
        f"{PICTURES}/",
        f"{PICTURES}/cats",
        f"{PICTURES}?a",
        f"{PICTURES}; script-src *",
        f"{PICTURES} https://evil.example",
        f"{PICTURES}\n",
        f"{PICTURES}:",
        f"{PICTURES}:0",
        f"{PICTURES}:123456",
        "https://user@example.org",
        "https://EXAMPLE.org",
        "https://exämple.org",
        "https://-a.org",
        "https://a..org",
        "https://" + "a." * 130 + "org",
    ],
)
def test_anything_else_is_none(origin):
    with pytest.raises(ValidationError):
        validate_origin(origin)


def change(user, of, origins):
    return client_of(user).patch(f"/api/projects/{of.pk}/", {"media_origins": origins})


def test_a_manager_sets_them_and_it_is_written_down(house):
    answer = change(house.lead, house.project, [PICTURES])
    assert (answer.status_code, answer.json()["media_origins"]) == (200, [PICTURES])
    noted = ProjectChange.objects.get(project=house.project, setting="media_origins")
    assert (noted.old, noted.new, noted.changed_by) == ([], [PICTURES], house.lead)


def test_a_reviewer_does_not(house):
    assert change(house.reviewer, house.project, [PICTURES]).status_code == 403


@pytest.mark.parametrize(
    "origins", [["*"], [PICTURES, f"{PICTURES}/x"], [PICTURES] * (MAX_ORIGINS + 1), PICTURES, [None], None]
)
def test_wrong_origins_are_400_and_change_nothing(house, origins):
    answer = change(house.lead, house.project, origins)
    assert answer.status_code == 400
    assert "media_origins" in answer.json()["validation_errors"]
    house.project.refresh_from_db()
    assert house.project.media_origins == []


def directives(user, address: str) -> dict[str, list[str]]:
    browser = Client()
    browser.force_login(user)
    parts = (part.split() for part in browser.get(address)["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_without_origins_a_screen_loads_from_this_site_alone(house, monkeypatch):
    monkeypatch.setattr(frontend, "is_present", lambda: True)
    policy = directives(house.reviewer, f"/projects/{house.project.pk}/review/")
    assert policy["img-src"] == ["'self'", "data:", "blob:"]
    assert policy["media-src"] == ["'self'", "blob:"]
    assert policy["script-src"] == ["'self'"]


def test_label_studios_pages_open_the_hosts_of_ones_own_projects(house, monkeypatch, settings):
    settings.LABEL_STUDIO_PAGE = True
    monkeypatch.setattr(frontend, "is_present", lambda: True)
    project(media_origins=["https://other.example.org"])
    change(house.lead, house.project, [PICTURES])

    policy = directives(house.annotator, "/label-studio/projects/")

    assert {name for name, values in policy.items() if PICTURES in values} == {
        "img-src",
        "media-src",
        "connect-src",
        "object-src",
    }
    assert "https://other.example.org" not in str(policy)
