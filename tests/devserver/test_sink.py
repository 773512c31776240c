"""The webhook sink: real deliveries over a real socket, verified, shown, and failed on request."""

import re

import pytest
from django.urls import reverse

from devserver.models import Received, Sink
from devserver.settings import SINK_LINKS
from devserver.sink import endpoint, receive
from tasks.transport import TOTAL_SECONDS, post
from tests.admin_fixtures import sign_in
from tests.factories import annotation, build_house, reviewed, task
from webhooks import replay
from webhooks.models import Delivery
from webhooks.sender import drain

PAGE = "/demo/sink/"


@pytest.fixture(autouse=True)
def demo(settings) -> None:
    settings.DEMO, settings.WEBHOOK_ALLOWED_NETWORKS = True, ["127.0.0.0/8", "::1/128"]


@pytest.fixture
def house(transactional_db):
    return build_house()


@pytest.fixture
def hook(house, live_server, settings):
    settings.BASE_URL = live_server.url
    return endpoint.ensure(house.project, actor=house.lead)


@pytest.fixture
def lead(house):
    return sign_in(house.lead)


def decide(house) -> None:
    reviewed(annotation(task(house.project), house.annotator), house.reviewer)


def switch_to(lead, behaviour: str) -> None:
    assert lead.post(reverse("sink-switch"), {"behaviour": behaviour}).status_code == 302


def feed(client, seen: str = ""):
    return client.get(PAGE, {"seen": seen}, headers={"HX-Request": "true"})


def test_delivery_arrives_verified_and_is_shown(house, hook, lead):
    decide(house)
    drain(hook.pk)

    shown = {a.received.action: a for a in lead.get(PAGE).context["arrivals"]}

    assert shown.keys() == {"ANNOTATION_ACCEPTED", "TASK_REVIEWED"}
    arrival = shown["ANNOTATION_ACCEPTED"]
    assert (arrival.received.webhook, arrival.received.refusal, arrival.received.answered) == (hook, "", 200)
    assert (arrival.received.attempt, arrival.state) == (1, "Delivered")
    assert '"event": "annotation_accepted"' in arrival.body


def test_forged_delivery_is_shown_as_such_and_refused(hook, lead):
    answer = post(
        hook.url, b'{"action": "ANNOTATION_ACCEPTED"}', {"webhook-id": "x", "webhook-timestamp": "1"}
    )

    (arrival,) = lead.get(PAGE).context["arrivals"]
    assert (answer.status, arrival.received.webhook) == (401, None)
    assert arrival.received.refusal


def test_failed_delivery_shows_its_attempts_and_when_the_next_is(house, hook, lead):
    switch_to(lead, "fail")
    decide(house)
    drain(hook.pk)
    Delivery.objects.update(next_at="2000-01-01T00:00:00Z")
    drain(hook.pk)

    accepts = [a for a in lead.get(PAGE).context["arrivals"] if a.received.action == "ANNOTATION_ACCEPTED"]

    assert [(a.received.attempt, a.received.answered) for a in accepts] == [(2, 500), (1, 500)]
    assert (accepts[0].next_at, accepts[1].next_at) == (
        Delivery.objects.get(event__action="ANNOTATION_ACCEPTED").next_at,
        None,
    )
    assert re.search(r"Next attempt at \d\d:\d\d:\d\d", feed(lead).content.decode())


def test_gone_switches_the_endpoint_off_and_the_page_switches_it_on(house, hook, lead):
    switch_to(lead, "gone")
    decide(house)
    drain(hook.pk)
    assert "DISABLED: it answered 410 Gone" in lead.get(PAGE).content.decode()

    switch_to(lead, "take")
    lead.post(reverse("sink-enable"))
    drain(hook.pk)

    assert set(hook.deliveries.values_list("state", flat=True)) == {"delivered"}


def test_newest_is_sent_once_more(house, hook, lead):
    decide(house)
    drain(hook.pk)

    lead.post(reverse("sink-resend"))
    drain(hook.pk)

    assert Received.objects.count() == 3


@pytest.mark.parametrize("behaviour", ["hang", "slow"])
def test_only_a_few_are_kept_waiting_at_once(behaviour, house, hook, lead, monkeypatch):
    waited = []
    monkeypatch.setattr(receive.time, "sleep", waited.append)
    switch_to(lead, behaviour)
    replay.ping(hook, actor=house.lead)
    for _ in range(2):
        assert receive._sleepers.acquire(blocking=False)
    try:
        answer = replay.ping(hook, actor=house.lead)
    finally:
        receive._sleepers.release()
        receive._sleepers.release()

    assert answer.status == 503
    assert waited == [receive.SECONDS[behaviour]]
    assert receive.SECONDS["hang"] > TOTAL_SECONDS


def test_only_the_newest_are_kept(hook, monkeypatch):
    monkeypatch.setattr(receive, "KEPT", 3)
    for _ in range(5):
        post(hook.url, b"{}", {})

    assert Received.objects.count() == 3


def test_nothing_is_drawn_anew_while_nothing_is_new(house, hook, lead):
    seen = lead.get(PAGE).context["seen"]
    assert feed(lead, seen).status_code == 204

    decide(house)
    drain(hook.pk)

    assert "ANNOTATION_ACCEPTED" in feed(lead, seen).content.decode()


def test_page_obeys_the_security_policy(hook, lead):
    answer = lead.get(PAGE)

    assert not re.search(r"<style|\sstyle=|<script(?![^>]*src=)|\son\w+=", answer.content.decode())
    assert '"includeIndicatorStyles": false' in answer.content.decode()


def test_it_is_for_who_manages_the_project(house, hook):
    decide(house)
    drain(hook.pk)
    reviewer = sign_in(house.reviewer)

    assert reviewer.get(PAGE).context["arrivals"] == []
    for name in ("sink-switch", "sink-resend", "sink-enable"):
        assert reviewer.post(reverse(name), {"behaviour": "fail"}).status_code == 404
    assert not Sink.objects.exists()


def test_path_has_to_be_known(hook, client):
    assert client.post("/demo/sink/guess/", {}).status_code == 404
    assert client.get(PAGE).status_code == 302


def test_the_start_page_links_to_it(lead, settings):
    settings.START_PAGE_LINKS = SINK_LINKS
    assert f'<a href="{PAGE}">Webhook sink</a>' in lead.get("/").content.decode()


def test_it_is_not_there_outside_the_demo(hook, lead, client, settings):
    settings.DEMO = False

    assert lead.get(PAGE).status_code == 404
    assert client.post(endpoint.path(), b"{}", content_type="application/json").status_code == 404
    assert lead.post(reverse("sink-switch"), {"behaviour": "fail"}).status_code == 404


def test_endpoint_follows_the_site_to_its_port(house, hook, settings):
    settings.BASE_URL = "http://127.0.0.1:8123"

    moved = endpoint.ensure(house.project, actor=house.lead)

    assert (moved.pk, moved.url) == (hook.pk, f"http://127.0.0.1:8123{endpoint.path()}")
