"""Body limits, and the reader's time zone in the admin."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from reviewsite.middleware import BodyLimit
from tasks.models import Project
from tests.factories import browser_of, client_of


def test_large_body_is_413_in_json(house):
    body = json.dumps({"comment": "x" * (6 * 2**20)})

    answer = client_of(house.reviewer).post(
        f"/api/annotations/{house.annotation.pk}/accept/", data=body, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_body_that_no_view_has_read_is_read_off_lest_the_next_request_fail():
    request = RequestFactory().post(
        "/api/annotations/1/", data=b"x" * 200_000, content_type="application/json"
    )

    answer = BodyLimit(lambda request: HttpResponse(status=404))(request)

    assert answer.status_code == 404
    assert request.read(1) == b""


def test_chunked_body_is_411(house):
    answer = client_of(house.reviewer).post(
        f"/api/annotations/{house.annotation.pk}/accept/", headers={"Transfer-Encoding": "chunked"}
    )

    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_the_admin_speaks_in_the_readers_zone_and_names_it(house):
    house.lead.timezone = "Asia/Tokyo"
    house.lead.save()
    Project.objects.update(created_at=datetime(2026, 1, 1, 20, tzinfo=UTC))

    page = browser_of(house.lead).get(reverse("admin:tasks_project_changelist")).content.decode()

    assert "Asia/Tokyo" in page
    assert "Jan. 2, 2026, 5 a.m." in page


def test_an_unknown_zone_is_utc(house):
    house.lead.timezone = "Mars/Olympus"
    house.lead.save()

    page = browser_of(house.lead).get(reverse("admin:index")).content.decode()

    assert "UTC" in page


@pytest.mark.parametrize(
    ("path", "asked", "is_compressed"),
    [
        ("/api/projects/", "gzip", True),
        ("/api/projects/", "identity", False),
        ("/api/current-user/whoami/", "gzip", True),
        ("/api/current-user/token/", "gzip", False),
        ("/api/webhooks/", "gzip", False),
        ("/accounts/profile/", "gzip", False),
    ],
)
def test_json_of_the_api_is_compressed_unless_it_may_hold_a_secret(house, path, asked, is_compressed):
    answer = client_of(house.lead).get(path, HTTP_ACCEPT_ENCODING=asked)

    assert answer.get("Content-Encoding", "") == ("gzip" if is_compressed else "")
    if is_compressed:
        assert json.loads(gzip.decompress(answer.content))
        assert "Accept-Encoding" in answer["Vary"]


def test_a_compressed_answer_is_not_modified_for_who_has_it(house):
    url, client = f"/api/projects/{house.project.pk}/", client_of(house.lead)
    tag = client.get(url, HTTP_ACCEPT_ENCODING="gzip")["ETag"]

    answer = client.get(url, HTTP_ACCEPT_ENCODING="gzip", HTTP_IF_NONE_MATCH=tag)

    assert tag.startswith("W/")
    assert (answer.status_code, answer.content) == (304, b"")
