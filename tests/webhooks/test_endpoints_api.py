"""/api/webhooks/: Label Studio's object, for managers of the project."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import annotation, client_of, project, reviewed, task
from webhooks import endpoints, outbox
from webhooks.catalogue import CATALOGUE
from webhooks.models import Webhook
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import hook_of

URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def hook(house) -> Webhook:
    return hook_of(house, URL)


def test_created_endpoint_is_label_studios_object_with_the_secret_once(house):
    answer = client_of(house.lead).post(
        "/api/webhooks/", {"project": house.project.pk, "url": URL, "headers": {"X-Team": "a"}}
    )

    hook = Webhook.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": hook.pk,
        "organization": 1,
        "project": house.project.pk,
        "url": URL,
        "send_payload": True,
        "send_for_all_actions": True,
        "headers": {"X-Team": "a"},
        "is_active": True,
        "actions": [],
        "created_at": hook.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "updated_at": hook.updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "consecutive_failures": 0,
        "last_success_at": None,
        "last_failure_at": None,
        "disabled_reason": "",
        "failing_since": None,
        "rest_until": None,
        "earlier_until": None,
        "parallel": 8,
        "secret": secret_of(hook),
    }
    again = client_of(house.lead).get(f"/api/webhooks/{hook.pk}/").json()
    assert again == {key: value for key, value in answer.json().items() if key != "secret"}


def test_form_without_switches_makes_what_json_without_them_makes(house):
    asked = {"project": house.project.pk, "url": "http://127.0.0.1:9000/hook"}
    client = client_of(house.lead)

    by_form = client.post("/api/webhooks/", asked, "multipart").json()
    by_json = client.post("/api/webhooks/", asked, "json").json()

    same = ("is_active", "send_payload", "send_for_all_actions", "actions", "headers", "parallel")
    assert (
        [by_form[name] for name in same] == [by_json[name] for name in same] == [True, True, True, [], {}, 8]
    )


def test_secret_is_not_in_the_database(hook):
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(w)::text FROM webhooks_webhook w")
        (row,) = cursor.fetchone()

    assert secret_of(hook).removeprefix("whsec_") not in row


def test_changed_endpoint_keeps_its_project(house, hook):
    other = project(lead=house.lead, title="Other")

    answer = client_of(house.lead).patch(
        f"/api/webhooks/{hook.pk}", {"project": other.pk, "actions": ["TASKS_CREATED"], "is_active": False}
    )

    assert answer.status_code == 200
    hook.refresh_from_db()
    assert (hook.project_id, hook.actions, hook.is_active) == (house.project.pk, ["TASKS_CREATED"], False)


def test_deleted_endpoint_is_gone_with_its_deliveries(house, hook):
    reviewed(house.annotation, house.reviewer)

    answer = client_of(house.lead).delete(f"/api/webhooks/{hook.pk}/")

    assert (answer.status_code, answer.content) == (204, b"")
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("who", "listed", "one", "created"),
    [
        ("lead", 200, 200, 201),
        ("admin", 200, 200, 201),
        ("reviewer", 403, 404, 403),
        ("annotator", 403, 404, 403),
        ("stranger", 404, 404, 404),
    ],
)
def test_endpoints_are_for_managers_of_the_project(house, hook, who, listed, one, created):
    client = client_of(getattr(house, who))

    assert client.get(f"/api/webhooks/?project={house.project.pk}").status_code == listed
    assert client.get(f"/api/webhooks/{hook.pk}/").status_code == one
    assert client.patch(f"/api/webhooks/{hook.pk}/", {"is_active": True}).status_code == one
    assert client.get(f"/api/webhooks/{hook.pk}/deliveries/").status_code == one
    assert client.get(f"/api/events/?project={house.project.pk}").status_code == listed
    assert client.post("/api/webhooks/", {"project": house.project.pk, "url": URL}).status_code == created
    assert client.delete(f"/api/webhooks/{hook.pk}/").status_code == (204 if one == 200 else one)


def test_site_wide_endpoint_is_the_administrators(house):
    refused = client_of(house.lead).post("/api/webhooks/", {"url": URL})
    made = client_of(house.admin).post("/api/webhooks/", {"url": URL})

    assert (refused.status_code, refused.json()["code"]) == (403, "site_wide_needs_admin")
    assert made.json()["project"] is None
    assert client_of(house.lead).get("/api/webhooks/").json() == []
    assert [hook["id"] for hook in client_of(house.admin).get("/api/webhooks/").json()] == [made.json()["id"]]


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


def test_unknown_action_is_refused(house, hook):
    answer = client_of(house.lead).patch(f"/api/webhooks/{hook.pk}/", {"actions": ["TASK_EATEN"]})

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_action")


def test_info_lists_the_catalogue(house):
    info = client_of(house.annotator).get("/api/webhooks/info/").json()

    assert info.keys() == CATALOGUE.keys()
    assert info["ANNOTATION_ACCEPTED"] == {
        "name": "Annotation accepted",
        "description": "A reviewer accepted it unchanged.",
        "key": "annotation",
        "organization-only": False,
        "by_name": True,
    }


def test_deliveries_list_every_attempt(house, receiver):
    hook = hook_of(house, receiver.url)
    receiver.statuses.append(500)
    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)

    page = client_of(house.lead).get(f"/api/webhooks/{hook.pk}/deliveries/?state=pending").json()

    (delivery,) = page["results"]
    (attempt,) = delivery["log"]
    assert (page["count"], delivery["action"], delivery["state"], delivery["attempts"]) == (
        1,
        "ANNOTATION_ACCEPTED",
        "pending",
        1,
    )
    assert (attempt["number"], attempt["status"], attempt["error"], attempt["answer"]) == (
        1,
        500,
        "http_status",
        "thanks",
    )
    assert client_of(house.lead).get(f"/api/webhooks/{hook.pk}/deliveries/?state=lost").status_code == 400


@pytest.mark.parametrize("path", ["/api/webhooks/", "/api/webhooks/{hook}/deliveries/", "/api/events/"])
def test_lists_take_as_many_queries_for_three_rows_as_for_one(house, hook, path, receiver):
    client = client_of(house.lead)
    reviewed(house.annotation, house.reviewer)
    drain(hook.pk)
    counts = []
    for rows in (1, 3):
        while Webhook.objects.count() < rows:
            endpoints.create(actor=house.lead, project=house.project, url=URL)
        while hook.deliveries.count() < rows:
            reviewed(annotation(task(house.project), house.annotator), house.reviewer)
        drain(hook.pk)
        outbox.assign_positions()
        client.get(path.format(hook=hook.pk))
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path.format(hook=hook.pk)).status_code == 200
        counts.append(len(asked))

    assert counts[0] == counts[1]
