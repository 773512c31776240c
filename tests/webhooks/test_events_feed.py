"""/api/events/: the same bodies in order, so that a consumer can start late or catch up."""

import json
import threading

import pytest
from django.db import connection, transaction

from tests.factories import build_house, client_of, project, reviewed, task
from webhooks import outbox
from webhooks.models import Event


def positions() -> list[int]:
    return list(Event.objects.exclude(position=None).order_by("id").values_list("position", flat=True))


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


def test_event_without_a_position_is_not_in_the_feed_yet(house):
    assert client_of(house.lead).get("/api/events/").json()["results"] == []


def test_feed_of_all_projects_has_the_managed_ones_only(house):
    task(project(title="Elsewhere"))
    outbox.assign_positions()

    told = client_of(house.lead).get("/api/events/").json()["results"]

    assert {event["project"] for event in told} == {house.project.pk}
    assert len(client_of(house.admin).get("/api/events/").json()["results"]) > len(told)
    assert client_of(house.reviewer).get("/api/events/").json()["results"] == []


@pytest.mark.parametrize("query", ["after=x", "limit=-1", "limit=0", "project=x"])
def test_malformed_question_is_400(house, query):
    assert client_of(house.lead).get(f"/api/events/?{query}").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_lower_id_that_commits_later_gets_the_higher_position():
    """Why positions are not ids: a consumer that reads up to the newest id would miss this one."""
    house = build_house()
    outbox.assign_positions()
    written, finish = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            task(house.project, text="slow")
            written.set()
            finish.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    written.wait(10)
    reviewed(house.annotation, house.reviewer)
    outbox.assign_positions()
    fast = set(Event.objects.values_list("pk", flat=True))
    last = max(positions())
    finish.set()
    thread.join()
    outbox.assign_positions()

    late = Event.objects.exclude(pk__in=fast).get()
    assert late.pk < max(fast)
    assert late.position > last


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_give_each_position_once():
    house = build_house()
    for _ in range(20):
        task(house.project)
    with transaction.atomic():
        outbox.assign_positions()
        results = []

        def other() -> None:
            results.append(outbox.assign_positions())
            connection.close()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert results == [0]
    assert Event.objects.filter(position=None).count() == 0
    assert positions() == sorted(positions())


def test_positions_are_never_given_twice(house):
    outbox.assign_positions()
    last = max(positions())
    Event.objects.all().delete()

    task(house.project)
    outbox.assign_positions()

    assert min(positions()) > last
