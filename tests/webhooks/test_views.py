"""/api/webhooks/, the delivery log and the feed of events."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.transport import Answer
from tests.factories import annotation, client_of, project, reviewed, task
from webhooks import endpoints, outbox
from webhooks.catalogue import CATALOGUE
from webhooks.models import Event, Webhook
from webhooks.sender import drain
from webhooks.signing import secret_of

from .steps import hook_of

URL = "http://127.0.0.1:9/hook"


@pytest.fixture
def hook(house) -> Webhook:
    return hook_of(house, URL)


def positions() -> list[int]:
    return list(Event.objects.exclude(position=None).order_by("id").values_list("position", flat=True))


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
        "headers": {"X-Team": "********"},
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


def test_headers_are_never_shown_and_kept_by_who_sends_back_the_mask(house, hook):
    client, page = client_of(house.lead), f"/api/webhooks/{hook.pk}/"
    client.patch(page, {"headers": {"Authorization": "Bearer hunter22", "X-Team": "blue-team"}})

    read = client.get(page)
    changed = client.patch(page, {"headers": read.json()["headers"] | {"X-Team": "red-team"}})
    everywhere = "".join(
        answer.content.decode()
        for answer in (read, changed, client.get("/api/webhooks/"), client.post(f"{page}rotate/"))
    )

    hook.refresh_from_db()
    assert read.json()["headers"] == {"Authorization": "********", "X-Team": "********"}
    assert hook.headers == {"Authorization": "Bearer hunter22", "X-Team": "red-team"}
    assert "hunter22" not in everywhere and "-team" not in everywhere


@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_mask_of_nothing_is_refused(house, hook, method):
    url = "/api/webhooks/" + (f"{hook.pk}/" if method == "patch" else "")
    sent = {"project": house.project.pk, "url": URL, "headers": {"X-New": "********"}}

    answer = getattr(client_of(house.lead), method)(url, sent)

    hook.refresh_from_db()
    assert (answer.status_code, answer.json()["code"]) == (400, "masked_header")
    assert (hook.headers, Webhook.objects.count()) == ({}, 1)


def test_an_answer_that_repeats_the_headers_is_logged_without_their_values(house, hook):
    endpoints.change(hook, {"headers": {"Authorization": "Bearer hunter22"}})
    reviewed(house.annotation, house.reviewer)
    (claim,) = outbox.claim(hook.pk, 1)

    attempt = outbox.log_attempt(claim, Answer(200, "", 'got "Bearer hunter22", so hunter22', 0.1))

    assert attempt.answer == 'got "********", so ********'


def test_form_without_switches_makes_what_json_without_them_makes(house):
    asked = {"project": house.project.pk, "url": "http://127.0.0.1:9000/hook"}
    client = client_of(house.lead)

    by_form = client.post("/api/webhooks/", asked, "multipart").json()
    by_json = client.post("/api/webhooks/", asked, "json").json()

    same = ("is_active", "send_payload", "send_for_all_actions", "actions", "headers", "parallel")
    assert (
        [by_form[name] for name in same] == [by_json[name] for name in same] == [True, True, True, [], {}, 8]
    )


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


def test_feed_has_the_frozen_bodies_in_the_order_of_positions(house):
    reviewed(house.annotation, house.reviewer)
    outbox.assign_positions()

    page = client_of(house.lead).get(f"/api/events/?project={house.project.pk}").json()

    events = list(Event.objects.order_by("position"))
    assert [event["body"] for event in page["results"]] == [json.loads(event.body) for event in events]
    assert page["results"][-1] == {
        "position": events[-1].position,
        "id": str(events[-1].unique_id),
        "action": events[-1].action,
        "project": house.project.pk,
        "annotation_seq": events[-1].annotation_seq,
        "created_at": events[-1].created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "body": json.loads(events[-1].body),
    }
    assert (page["next_after"], page["has_more"]) == (events[-1].position, False)


def test_feed_is_read_page_by_page_without_a_gap(house):
    for _ in range(5):
        task(house.project)
    outbox.assign_positions()
    client, seen, after, more = client_of(house.lead), [], 0, True

    while more:
        page = client.get(f"/api/events/?after={after}&limit=2").json()
        seen += [event["position"] for event in page["results"]]
        after, more = page["next_after"], page["has_more"]

    assert seen == positions()
    assert client.get(f"/api/events/?after={after}").json() == {
        "results": [],
        "next_after": after,
        "has_more": False,
    }


@pytest.fixture
def three_expired(house) -> list[int]:
    """The positions that are left."""
    for _ in range(3):
        task(house.project)
    outbox.assign_positions()
    gone = positions()[:3]
    task(house.project)
    outbox.assign_positions()
    Event.objects.filter(position__in=gone).delete()
    return positions()


def test_feed_says_which_events_it_no_longer_has(house, three_expired):
    client, oldest = client_of(house.lead), three_expired[0]

    refused = client.get(f"/api/events/?after={oldest - 3}")

    assert (refused.status_code, refused.json()["code"]) == (410, "events_expired")
    assert (refused.json()["oldest"], f"from {oldest - 1}" in refused.json()["detail"]) == (oldest, True)
    for after in (0, oldest - 1):
        found = client.get(f"/api/events/?after={after}").json()["results"]
        assert [event["position"] for event in found] == three_expired


def test_feed_says_so_when_all_it_had_is_gone(house, three_expired):
    Event.objects.all().delete()

    assert client_of(house.lead).get(f"/api/events/?after={three_expired[-1] - 1}").status_code == 410
    assert client_of(house.lead).get(f"/api/events/?after={three_expired[-1]}").json()["results"] == []


def test_feed_refuses_a_position_that_never_was(house, three_expired):
    """As after a restored backup: a consumer would wait for ever."""
    path = f"/api/events/?after={three_expired[-1] + 1}"
    refused = client_of(house.lead).get(path)

    assert (refused.status_code, refused.json()["code"]) == (400, "cursor_ahead")
    assert client_of(house.annotator).get(path).json()["results"] == []


def test_event_without_a_position_is_not_in_the_feed_yet(house):
    assert client_of(house.lead).get("/api/events/").json()["results"] == []


def test_feed_of_all_projects_has_the_managed_ones_only(house):
    task(project(title="Elsewhere"))
    outbox.assign_positions()

    sent = client_of(house.lead).get("/api/events/").json()["results"]

    assert {event["project"] for event in sent} == {house.project.pk}
    assert len(client_of(house.admin).get("/api/events/").json()["results"]) > len(sent)
    assert client_of(house.reviewer).get("/api/events/").json()["results"] == []


@pytest.mark.parametrize("verb", ["ping", "rotate", "enable", "replay"])
def test_only_managers_of_the_project_touch_an_endpoint(hook, house, verb):
    statuses = [
        client_of(p).post(f"/api/webhooks/{hook.pk}/{verb}/").status_code
        for p in (house.reviewer, house.annotator)
    ]

    assert statuses == [404, 404]
