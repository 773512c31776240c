"""Resending, replaying and pinging: what a person can ask for."""

from threading import BoundedSemaphore

from django.utils.timezone import now

from jobs import runner
from jobs.models import Job
from tests.factories import client_of
from webhooks import health, replay, sender
from webhooks.models import Attempt, Delivery, Event, Webhook
from webhooks.sender import drain

from .steps import NOBODY, decide, hook_of


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


def test_disabled_endpoint_refuses_resend_and_replay_and_says_what_next(hook, house):
    decide(house)
    health.disable(hook, "failing")
    client, delivery = client_of(house.lead), hook.deliveries.get()

    for path in (f"/api/webhook-deliveries/{delivery.pk}/resend/", f"/api/webhooks/{hook.pk}/replay/"):
        answer = client.post(path, {}, "json")
        assert (answer.status_code, answer.json()["code"]) == (400, "webhook_off")
    assert client.post(f"/api/webhooks/{hook.pk}/enable/").json()["is_active"] is True


def test_a_test_that_waits_leaves_the_other_threads_to_the_site(hook, house, receiver, monkeypatch):
    """Eight tests of endpoints that hang would otherwise be all the web server does."""
    monkeypatch.setattr(replay, "_pings", BoundedSemaphore(1))
    deliver = sender.deliver
    nested = []

    def hanging(claim):
        nested.append(client_of(house.lead).post(f"/api/webhooks/{hook.pk}/ping/"))
        return deliver(claim)

    monkeypatch.setattr(sender, "deliver", hanging)
    first = client_of(house.lead).post(f"/api/webhooks/{hook.pk}/ping/")

    (second,) = nested
    assert (second.status_code, second.json()["code"], second["Retry-After"]) == (429, "ping_busy", "5")
    assert first.status_code == 200
    monkeypatch.setattr(sender, "deliver", deliver)
    assert client_of(house.lead).post(f"/api/webhooks/{hook.pk}/ping/").status_code == 200


def test_a_long_replay_is_a_job(hook, house, monkeypatch):
    monkeypatch.setattr(replay, "BATCH", 2)
    monkeypatch.setattr(runner, "send", lambda job_id: None)
    decide(house, 5)
    Delivery.objects.update(state="dead", finished_at=now())
    dead = Delivery.objects.count()

    answer = client_of(house.lead).post(f"/api/webhooks/{hook.pk}/replay/", {"since": "2026-01-01"}, "json")

    assert (answer.json(), dead > 4) == ({"replayed": dead}, True)
    assert not Delivery.objects.filter(state="pending").exists()
    job = runner.run_now(Job.objects.get(kind="replay"))
    assert (job.state, job.report, job.done) == ("succeeded", {"replayed": dead}, dead)
    assert set(Delivery.objects.values_list("state", "lane")) == {("pending", Delivery.Lane.BULK)}


def test_a_replay_ends_when_its_endpoint_is_disabled(hook, house, monkeypatch):
    monkeypatch.setattr(replay, "BATCH", 0)
    monkeypatch.setattr(runner, "send", lambda job_id: None)
    decide(house)
    Delivery.objects.update(state="dead", finished_at=now())
    replay.replay(hook, replay.Range(), actor=house.lead)
    Webhook.objects.update(is_active=False)

    job = runner.run_now(Job.objects.get(kind="replay"))

    assert (job.state, job.error["code"]) == ("failed", "webhook_off")
    assert not Delivery.objects.filter(state="pending").exists()
