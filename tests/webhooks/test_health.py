"""How an endpoint fares: left alone when nobody answers, off after five days, its events held; and what a
person can do.
"""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from tests.factories import annotation, client_of, reviewed, task
from webhooks import endpoints, health, jobs, notifier, outbox
from webhooks.models import Attempt, Delivery, Event, Webhook
from webhooks.sender import drain
from webhooks.signing import secret_of
from webhooks.transport import Answer

from .steps import hook_of

NOBODY = "http://127.0.0.1:9/"
TIMEOUT = Answer(None, "timeout", "", 15.0)
REFUSED = Answer(None, "connection", "", 0.1)
OK = Answer(200, "", "", 0.1)


@pytest.fixture
def hook(house, receiver) -> Webhook:
    return hook_of(house, receiver.url)


def decide(house, count: int = 1) -> None:
    for _ in range(count):
        reviewed(annotation(task(house.project), house.annotator), house.reviewer)


def days_pass(hook: Webhook, days: float) -> None:
    Webhook.objects.filter(pk=hook.pk).update(failing_since=timezone.now() - timedelta(days=days))


def rest_of(hook: Webhook) -> int:
    """Seconds for which it is left alone."""
    hook.refresh_from_db()
    return round((hook.rest_until - timezone.now()).total_seconds()) if hook.rest_until else 0


def test_endpoint_that_answers_nobody_twice_is_left_alone_for_a_while(hook):
    rests = []
    for _ in range(4):
        Webhook.objects.filter(pk=hook.pk, rest_until__isnull=False).update(rest_until=timezone.now())
        health.record_answer(hook, REFUSED)
        rests.append(rest_of(hook))

    assert rests == pytest.approx([0, 5, 10, 20], abs=2)


def test_deliveries_that_fail_together_are_one_silence_more(hook):
    """A consumer that starts anew meets eight at once, and must not wait five minutes for it."""
    for _ in range(8):
        health.record_answer(hook, REFUSED)

    assert rest_of(hook) == pytest.approx(5, abs=2)


def test_answer_ends_the_rest(hook, house):
    health.record_answer(hook, REFUSED)
    health.record_answer(hook, REFUSED)
    decide(house)
    assert outbox.due_webhooks() == {}

    health.record_answer(hook, OK)

    assert outbox.due_webhooks() == {hook.pk: False}


def test_nothing_is_sent_while_it_rests(hook, house, receiver):
    health.record_answer(hook, REFUSED)
    health.record_answer(hook, REFUSED)
    decide(house)

    drain(hook.pk)

    assert receiver.got == []


@pytest.mark.parametrize(
    ("answer", "queue"), [(TIMEOUT, "deliver-slow"), (REFUSED, "deliver"), (OK, "deliver")]
)
def test_endpoint_that_timed_out_is_sent_to_by_the_slow_queue(hook, house, monkeypatch, answer, queue):
    sent = []
    monkeypatch.setattr(
        notifier.current_app, "send_task", lambda name, args, **how: sent.append((*args, how["queue"]))
    )
    health.record_answer(hook, answer)
    decide(house)

    jobs.sweep()

    assert sent == [(hook.pk, queue)]


def test_five_days_without_a_success_switch_it_off_and_tell_the_managers(
    hook, house, django_capture_on_commit_callbacks
):
    health.record_answer(hook, REFUSED)
    decide(house)
    days_pass(hook, 5.01)

    with django_capture_on_commit_callbacks(execute=True):
        jobs.run_maintenance()

    hook.refresh_from_db()
    assert (hook.is_active, hook.disabled_reason) == (False, "failing")
    assert hook.deliveries.get().state == "held"
    (letter,) = mail.outbox
    assert letter.to == [house.lead.email]
    assert hook.url in letter.subject


@pytest.mark.parametrize("days", [None, 4.9])
def test_fewer_days_do_not(hook, days):
    health.record_answer(hook, REFUSED)
    if days:
        days_pass(hook, days)

    assert health.disable_failing() == 0


def test_what_happens_while_it_is_off_is_held_and_sent_when_it_is_on_again(hook, house, receiver):
    health.disable(hook, "failing")
    decide(house, 3)
    assert [d.state for d in hook.deliveries.all()] == ["held"] * 3

    endpoints.change(hook, {"is_active": True})
    drain(hook.pk)

    assert len(receiver.got) == 3
    assert {d.state for d in hook.deliveries.all()} == {"delivered"}


def test_what_was_held_by_a_change_that_overlapped_the_switching_on_is_sent(hook, house, receiver):
    """Its transaction saw the endpoint off, and committed when it was on."""
    decide(house)
    hook.deliveries.update(state="held")

    jobs.run_maintenance()
    drain(hook.pk)

    assert [d.state for d in hook.deliveries.all()] == ["delivered"]


def test_endpoint_switched_off_by_a_person_misses_what_happens_meanwhile(hook, house):
    endpoints.change(hook, {"is_active": False})

    decide(house)

    assert hook.deliveries.count() == 0


def test_news_go_before_what_a_bulk_brings(hook, house, receiver):
    client = client_of(house.lead)
    many = [annotation(task(house.project), house.annotator).pk for _ in range(12)]
    client.post("/api/annotations/bulk-review/", {"annotations": many, "action": "accept"}, "json")
    decide(house)
    Webhook.objects.filter(pk=hook.pk).update(parallel=1)

    drain(hook.pk)

    newest = Event.objects.filter(action="ANNOTATION_ACCEPTED").latest("id")
    assert receiver.got[0].headers["webhook-id"] == str(newest.unique_id)
    assert len(receiver.got) == 13


# --- what a person can do ---------------------------------------------------------------------------


def test_rotation_signs_with_both_secrets_for_a_day(hook, house, receiver):
    before, after = secret_of(hook), secret_of(endpoints.rotate(hook))
    decide(house)
    drain(hook.pk)
    body, headers = receiver.got[0].raw, receiver.got[0].headers

    Verifier(before).verify(body, headers)
    Verifier(after).verify(body, headers)

    Webhook.objects.filter(pk=hook.pk).update(earlier_until=timezone.now() - timedelta(seconds=1))
    decide(house)
    drain(hook.pk)
    Verifier(after).verify(receiver.got[1].raw, receiver.got[1].headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(before).verify(receiver.got[1].raw, receiver.got[1].headers)


def test_second_rotation_on_a_day_takes_no_secret_from_the_consumer(hook, house, receiver):
    secrets = [
        secret_of(hook),
        *(secret_of(endpoints.rotate(hook)) for _ in range(endpoints.EARLIER_KEPT + 1)),
    ]
    decide(house)

    drain(hook.pk)

    assert all(receiver.got[0].verified_by(secret) for secret in secrets[1:])
    with pytest.raises(WebhookVerificationError):
        receiver.got[0].verified_by(secrets[0])


def test_rotation_over_the_api_shows_the_new_secret_once(hook, house):
    client = client_of(house.lead)

    answer = client.post(f"/api/webhooks/{hook.pk}/rotate/").json()

    hook.refresh_from_db()
    assert answer["secret"] == secret_of(hook)
    assert "secret" not in client.get(f"/api/webhooks/{hook.pk}/").json()


def test_ping_shows_the_answer_and_is_logged(hook, house, receiver):
    receiver.answer = b"pong"

    answer = client_of(house.lead).post(f"/api/webhooks/{hook.pk}/ping/")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["error"], answer.json()["answer"]) == (200, "", "pong")
    assert receiver.bodies[0]["event"] == "ping"
    assert receiver.bodies[0]["actor"]["email"] == house.lead.email
    assert [(d.event.action, d.state) for d in hook.deliveries.all()] == [("PING", "delivered")]


def test_ping_that_fails_says_why_and_is_not_retried(house):
    hook = hook_of(house, NOBODY)

    answer = client_of(house.lead).post(f"/api/webhooks/{hook.pk}/ping/").json()

    assert (answer["status"], answer["error"]) == (None, "connection")
    assert hook.deliveries.get().state == "dead"


def test_ping_that_failed_is_not_replayed_with_the_rest(house):
    hook = hook_of(house, NOBODY)
    client = client_of(house.lead)
    client.post(f"/api/webhooks/{hook.pk}/ping/")

    assert client.post(f"/api/webhooks/{hook.pk}/replay/", {}, "json").json() == {"replayed": 0}
    assert hook.deliveries.get().state == "dead"
    assert client.post(f"/api/webhooks/{hook.pk}/replay/", {"actions": ["PING"]}, "json").json() == {
        "replayed": 1
    }


def test_one_delivery_is_sent_again_with_its_id_and_bytes(hook, house, receiver):
    decide(house)
    drain(hook.pk)
    delivery = hook.deliveries.get()

    answer = client_of(house.lead).post(f"/api/webhook-deliveries/{delivery.pk}/resend/")
    drain(hook.pk)

    assert (answer.status_code, answer.json()["state"]) == (200, "pending")
    first, second = receiver.got
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert Attempt.objects.filter(delivery=delivery).count() == 2


def test_replay_sends_what_was_given_up_and_nothing_twice(hook, house, receiver):
    decide(house, 2)
    Delivery.objects.filter(webhook=hook).update(state="dead", attempts=10)
    decide(house)
    drain(hook.pk)

    answer = client_of(house.lead).post(f"/api/webhooks/{hook.pk}/replay/", {}, "json")
    drain(hook.pk)

    assert answer.json() == {"replayed": 2}
    assert len(receiver.got) == 3


def test_replay_asked_for_by_a_form_takes_the_same(hook, house):
    decide(house, 2)
    Delivery.objects.filter(webhook=hook).update(state="dead", attempts=10)

    answer = client_of(house.lead).post(
        f"/api/webhooks/{hook.pk}/replay/", {"since": "2020-01-01T00:00:00Z"}, "multipart"
    )

    assert answer.json() == {"replayed": 2}


def test_replay_of_a_range_takes_its_states_times_and_actions(hook, house, receiver):
    decide(house, 3)
    drain(hook.pk)
    moments = list(
        Event.objects.filter(action="ANNOTATION_ACCEPTED").order_by("id").values_list("created_at", flat=True)
    )
    wanted = {
        "state": ["delivered"],
        "since": moments[1],
        "until": moments[2],
        "actions": ["ANNOTATION_ACCEPTED"],
    }

    answer = client_of(house.lead).post(f"/api/webhooks/{hook.pk}/replay/", wanted, "json")

    assert answer.json() == {"replayed": 1}


def test_endpoint_that_is_off_refuses_resend_and_replay_and_says_what_next(hook, house):
    decide(house)
    health.disable(hook, "failing")
    client, delivery = client_of(house.lead), hook.deliveries.get()

    for path in (f"/api/webhook-deliveries/{delivery.pk}/resend/", f"/api/webhooks/{hook.pk}/replay/"):
        answer = client.post(path, {}, "json")
        assert (answer.status_code, answer.json()["code"]) == (400, "webhook_off")
    assert client.post(f"/api/webhooks/{hook.pk}/enable/").json()["is_active"] is True


@pytest.mark.parametrize("verb", ["ping", "rotate", "enable", "replay"])
def test_only_managers_of_the_project_touch_an_endpoint(hook, house, verb):
    statuses = [
        client_of(p).post(f"/api/webhooks/{hook.pk}/{verb}/").status_code
        for p in (house.reviewer, house.annotator)
    ]

    assert statuses == [404, 404]


def test_log_is_filtered_by_state_action_and_time(hook, house):
    decide(house, 2)
    client, path = client_of(house.lead), f"/api/webhooks/{hook.pk}/deliveries/"

    def count(**query) -> int:
        return len(client.get(path, query).json()["results"])

    assert count(state="pending", action="ANNOTATION_ACCEPTED") == 2
    assert count(state="dead") == 0
    assert count(until=timezone.now() - timedelta(hours=1)) == 0
    assert client.get(path, {"since": "yesterday"}).json()["validation_errors"].keys() == {"since"}


# --- at rest ------------------------------------------------------------------------------------------


def test_headers_are_encrypted_in_the_database(house, receiver):
    hook = hook_of(house, receiver.url, headers={"X-Key": "hunter2"})

    with connection.cursor() as cursor:
        cursor.execute("SELECT headers FROM webhooks_webhook WHERE id = %s", [hook.pk])
        (stored,) = cursor.fetchone()

    assert "hunter2" not in stored
    assert Webhook.objects.get(pk=hook.pk).headers == {"X-Key": "hunter2"}


def test_headers_outlive_a_change_of_the_key(house, receiver, settings):
    hook = hook_of(house, receiver.url, headers={"X-Key": "hunter2"})
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = (
        [settings.SECRET_KEY],
        "another key, long enough to be one",
    )

    assert Webhook.objects.get(pk=hook.pk).headers == {"X-Key": "hunter2"}


def test_events_are_kept_thirty_days_with_their_log(hook, house):
    decide(house)
    drain(hook.pk)
    Event.objects.update(created_at=timezone.now() - timedelta(days=31))
    decide(house)
    young = Event.objects.filter(created_at__gt=timezone.now() - timedelta(days=1)).count()

    removed = outbox.prune()

    assert removed > 0
    assert (Event.objects.count(), Delivery.objects.count(), Attempt.objects.count()) == (young, 1, 0)
