"""URLs and headers that are refused when an endpoint is saved."""

import pytest

from tests.factories import client_of
from webhooks.models import Webhook

from .steps import hook_of

URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def hook(house) -> Webhook:
    return hook_of(house, URL)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://127.0.0.1/", "bad_scheme"),
        ("file:///etc/passwd", "bad_scheme"),
        ("127.0.0.1/hook", "bad_scheme"),
        ("http://", "bad_url"),
        ("http://127.0.0.1:0/", "bad_url"),
        ("http://127.0.0.1:99999/", "bad_url"),
        ("http://[::1/", "bad_url"),
        ("http://127.0.0.1/a b", "bad_url"),
        ("http://127.0.0.1/\r\nX: y", "bad_url"),
        ("http://127.0.0.1\\@example.org/", "bad_url"),
        ("http://me:pw@127.0.0.1/", "userinfo"),
        ("http://127.0.0.1/#part", "fragment"),
        ("http://127.0.0.1/" + "a" * 2048, "max_length"),
        ("http://10.0.0.1/", "blocked_address"),
        ("http://169.254.169.254/latest/meta-data/", "blocked_address"),
        ("http://[::ffff:10.0.0.1]/", "blocked_address"),
    ],
)
def test_bad_url_is_refused_with_the_reason(house, url, code):
    answer = client_of(house.lead).post("/api/webhooks/", {"project": house.project.pk, "url": url})

    assert (answer.status_code, answer.json()["code"], list(answer.json()["validation_errors"])) == (
        400,
        code,
        ["url"],
    )
    assert not Webhook.objects.exists()


def test_refused_address_names_the_setting_that_opens_it(house):
    answer = client_of(house.lead).post(
        "/api/webhooks/", {"project": house.project.pk, "url": "http://10.0.0.1/"}
    )

    message = (
        "10.0.0.1 resolves to 10.0.0.1, which is not a public address. "
        "To allow it, add its network to WEBHOOK_ALLOWED_NETWORKS."
    )
    assert answer.json()["validation_errors"] == {"url": [message]}


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "bad_headers"),
        ({"X-A\r\nX-B": "1"}, "bad_header_name"),
        ({"X A": "1"}, "bad_header_name"),
        ({"": "1"}, "bad_header_name"),
        ({"X-A": "1\r\nX-B: 2"}, "bad_header_value"),
        ({"X-A": "1\n"}, "bad_header_value"),
        ({"X-A": "grün"}, "bad_header_value"),
        ({"X-A": 1}, "bad_header_value"),
        ({"Host": "example.org"}, "reserved_header"),
        ({"content-length": "1"}, "reserved_header"),
        ({"Webhook-Signature": "v1,x"}, "reserved_header"),
        ({f"X-{n}": "1" for n in range(11)}, "too_many_headers"),
    ],
)
def test_bad_headers_are_refused_with_the_reason(house, hook, headers, code):
    answer = client_of(house.lead).patch(f"/api/webhooks/{hook.pk}/", {"headers": headers})

    assert (answer.status_code, answer.json()["code"], list(answer.json()["validation_errors"])) == (
        400,
        code,
        ["headers"],
    )
    hook.refresh_from_db()
    assert hook.headers == {}
