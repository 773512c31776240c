"""Endpoints and their log in the admin."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook as Verifier

from tasks.transport import Answer
from tests.factories import annotation, reviewed, task
from tests.webhooks.receiver import Receiver
from tests.webhooks.steps import hook_of
from webhooks import health
from webhooks.models import Attempt, Delivery, Event, Webhook
from webhooks.sender import drain
from webhooks.signing import secret_of

LIST = reverse("admin:webhooks_webhook_changelist")
LOG = reverse("admin:webhooks_delivery_changelist")
BUTTONS = ("test", "enable", "rotate", "replay")


@pytest.fixture(autouse=True)
def loopback_open(settings) -> None:
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def hook(house, receiver) -> Webhook:
    return hook_of(house, receiver.url)


def button(name: str, hook: Webhook) -> str:
    return reverse(f"admin:webhooks_webhook_{name}", args=[hook.pk])


def page_of(hook: Webhook) -> str:
    return reverse("admin:webhooks_webhook_change", args=[hook.pk])


def decide(house, count: int = 1) -> None:
    for _ in range(count):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_form_offers_both_dialects_in_two_groups_and_no_ping(hook, lead_client):
    form = lead_client.get(page_of(hook)).context["adminform"].form

    (first, studio), (second, ours) = form.fields["actions"].choices
    assert "Label Studio's" in first and "Review events" in second
    assert {"ANNOTATION_UPDATED", "REVIEW_CREATED"} <= {name for name, _ in studio}
    assert {"ANNOTATION_ACCEPTED", "TASK_REVIEWED"} <= {name for name, _ in ours}
    assert "PING" not in {name for name, _ in [*studio, *ours]}


def test_form_saves_actions_of_both_and_how_many_at_once(hook, house, lead_client):
    sent = {"url": hook.url, "is_active": "on", "actions": ["TASKS_CREATED", "TASK_REVIEWED"], "parallel": 3}

    lead_client.post(page_of(hook), sent)

    hook.refresh_from_db()
    assert (hook.actions, hook.parallel, hook.send_for_all_actions) == (
        ["TASKS_CREATED", "TASK_REVIEWED"],
        3,
        False,
    )


def test_list_shows_what_is_waiting_for_each_endpoint(hook, house, lead_client):
    health.record_answer(hook, Answer(200, "", "", 0.1))
    Event.objects.all().delete()
    decide(house, 2)
    Event.objects.filter(deliveries__webhook=hook).update(created_at=timezone.now() - timedelta(hours=3))

    (row,) = lead_client.get(LIST).context["cl"].result_list

    assert row.waiting["count"] == 2
    assert "3 hours ago" in text_of(lead_client.get(LIST)).replace("\xa0", " ")


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([Answer(200, "", "", 0.1)], "enabled"),
        ([Answer(500, "http_status", "", 0.1)], "failing"),
        ([Answer(None, "timeout", "", 15.0)], "slow: its last attempt timed out"),
        ([Answer(None, "connection", "", 0.1)] * 2, "no answer; next attempt in"),
        ([Answer(410, "http_status", "", 0.1)], "DISABLED: it answered 410 Gone"),
    ],
)
def test_list_shows_the_health_in_one_sentence(hook, lead_client, answers, words):
    for answer in answers:
        health.record_answer(hook, answer)

    assert f" {words}" in text_of(lead_client.get(LIST)).replace("\xa0", " ")


def test_disabled_endpoint_is_an_alert_on_both_pages(hook, house, lead_client):
    health.disable(hook, "failing")
    decide(house, 2)
    (row,) = lead_client.get(LIST).context["cl"].result_list
    assert row.waiting["count"] == 2

    listed, page = lead_client.get(LIST), lead_client.get(page_of(hook))

    assert b'role="alert"' in listed.content and b'role="alert"' in page.content
    assert "1 endpoint was disabled automatically" in text_of(listed)
    assert "DISABLED: nothing sent to it in five days succeeded" in text_of(page)
    assert "Held until the endpoint is enabled: 2" in text_of(page)


def test_endpoint_that_a_person_disabled_is_no_alert(house, receiver, lead_client):
    hook = hook_of(house, receiver.url, is_active=False)

    assert b'role="alert"' not in lead_client.get(LIST).content + lead_client.get(page_of(hook)).content


def test_test_shows_the_answer(hook, receiver, lead_client):
    receiver.statuses.append(503)
    receiver.answer = b"<b>out of order</b>"

    answer = lead_client.post(button("test", hook), follow=True)

    assert [body["action"] for body in receiver.bodies] == ["PING"]
    (message,) = answer.context["messages"]
    assert message.level_tag == "error"
    assert re.search(r"503.*http_status.*\d\.\d{3} s.*&lt;b&gt;out of order", str(message))


def test_enable_sends_what_was_held(hook, house, receiver, lead_client):
    health.disable(hook, "gone")
    decide(house)

    lead_client.post(button("enable", hook))
    drain(hook.pk)

    hook.refresh_from_db()
    assert (hook.is_active, hook.disabled_reason, len(receiver.got)) == (True, "", 1)


def test_rotate_shows_the_new_secret_once(hook, house, receiver, lead_client):
    earlier = secret_of(hook)

    answer = lead_client.post(button("rotate", hook))

    decide(house)
    drain(hook.pk)
    (got,) = receiver.got
    assert answer.context["key"] != earlier
    assert "no-store" in answer["Cache-Control"]
    for secret in (earlier, answer.context["key"]):
        assert Verifier(secret).verify(got.raw, got.headers)


def test_replay_sends_what_was_given_up_and_held(hook, house, receiver, lead_client):
    decide(house, 3)
    hook.deliveries.update(state="dead", attempts=10)

    answer = lead_client.post(button("replay", hook), {"states": ["dead"]}, follow=True)
    drain(hook.pk)

    assert "Will be sent again: 3." in text_of(answer)
    assert {d.state for d in hook.deliveries.all()} == {"delivered"}


def test_replay_while_off_says_what_to_do(hook, house, lead_client):
    health.disable(hook, "gone")
    decide(house)

    answer = lead_client.post(button("replay", hook), {"states": ["held"]}, follow=True)

    assert "Enable it first" in text_of(answer)
    assert hook.deliveries.get().state == "held"


@pytest.mark.parametrize("name", BUTTONS)
def test_asking_for_a_buttons_page_changes_nothing(name, hook, receiver, lead_client):
    before = Webhook.objects.values().get()

    answer = lead_client.get(button(name, hook), follow=True)

    assert answer.status_code == 200
    assert not re.search(
        r"<style|\sstyle=|<script(?![^>]*(src=|type=\"application/json))|\son\w+=", answer.content.decode()
    )
    assert (Webhook.objects.values().get(), receiver.got) == (before, [])


@pytest.mark.parametrize("name", BUTTONS)
def test_buttons_of_an_endpoint_elsewhere_are_not_there_for_a_lead(name, elsewhere, house, lead_client):
    theirs = Webhook.objects.get(project=elsewhere.project)

    assert lead_client.get(button(name, theirs)).status_code == 404
    assert lead_client.post(button(name, theirs), {"states": ["dead"]}).status_code == 404


@pytest.mark.parametrize("name", BUTTONS)
def test_buttons_want_the_token_of_the_form(name, hook, lead_client):
    lead_client.handler.enforce_csrf_checks = True

    assert lead_client.post(button(name, hook)).status_code == 403


# --- the log ----------------------------------------------------------------------------------------


def test_log_shows_the_last_answer_of_each(hook, house, receiver, lead_client):
    receiver.statuses.extend([500])
    decide(house)
    drain(hook.pk)

    (row,) = lead_client.get(LOG).context["cl"].result_list

    assert row.last_attempt.status == 500
    assert "500 http_status" in text_of(lead_client.get(LOG))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"webhook": "{hook}"}, 1),
        ({"state": "delivered"}, 1),
        ({"state": "dead"}, 0),
        ({"what": "ANNOTATION_ACCEPTED"}, 2),
        ({"what": "PING"}, 0),
        ({"event__created_at__gte": "2020-01-01 00:00:00+00:00"}, 2),
        ({"event__created_at__gte": "2100-01-01 00:00:00+00:00"}, 0),
        ({"webhook": "x"}, 0),
    ],
)
def test_log_filters(query, count, hook, house, receiver, lead_client):
    hook_of(house, receiver.url)
    decide(house)
    drain(hook.pk)
    asked = {name: value.format(hook=hook.pk) for name, value in query.items()}

    assert len(lead_client.get(LOG, asked).context["cl"].result_list) == count


@pytest.mark.parametrize(("action", "lane"), [("resend", Delivery.Lane.LIVE), ("replay", Delivery.Lane.BULK)])
def test_selected_deliveries_are_sent_again(action, lane, hook, house, receiver, lead_client):
    decide(house, 2)
    hook.deliveries.update(state="dead", attempts=10)
    chosen, left = hook.deliveries.all()

    lead_client.post(LOG, {"action": action, "_selected_action": [chosen.pk]})

    chosen.refresh_from_db()
    left.refresh_from_db()
    assert (chosen.state, chosen.attempts, chosen.lane) == ("pending", 0, lane)
    assert (left.state, left.attempts) == ("dead", 10)


def test_selected_deliveries_of_an_endpoint_that_is_off_are_left_alone(hook, house, lead_client):
    health.disable(hook, "gone")
    decide(house)

    answer = lead_client.post(
        LOG, {"action": "resend", "_selected_action": [hook.deliveries.get().pk]}, follow=True
    )

    assert "Not sent again: 1" in text_of(answer)
    assert hook.deliveries.get().state == "held"


def test_a_delivery_elsewhere_is_not_sent_again(elsewhere, house, lead_client):
    Delivery.objects.update(state="dead")
    theirs = Delivery.objects.first()

    lead_client.post(LOG, {"action": "resend", "_selected_action": [theirs.pk]})

    assert Delivery.objects.get(pk=theirs.pk).state == "dead"


def test_page_of_an_endpoint_asks_no_more_for_a_longer_log(hook, house, lead_client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            lead_client.get(page_of(hook))
        return len(asked)

    queries()
    decide(house)
    few = queries()
    decide(house, 2)
    Attempt.objects.bulk_create(
        Attempt(delivery=row, number=n, duration=0.1, status=500)
        for row in hook.deliveries.all()
        for n in (1, 2)
    )

    assert queries() == few
