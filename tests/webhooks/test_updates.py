"""GET /api/updates/: what changed for one person since their cursor."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from reviews import comments
from tasks.services import annotations, projects
from tasks.services import tasks as task_service
from tests.factories import Client, annotation, build_house, client_of, project, reviewed, task
from webhooks import outbox, updates
from webhooks.catalogue import CATALOGUE
from webhooks.models import Event

PAGE = "/api/updates/"


class Watcher:
    """Somebody who asks what changed, again and again."""

    def __init__(self, user: Any, **asked: Any):
        self.client: Client = client_of(user)
        self.asked = asked
        self.cursor = ""
        self.look()

    def ask(self) -> Any:
        outbox.assign_positions()
        return self.client.get(PAGE, self.asked | ({"after": self.cursor} if self.cursor else {}))

    def look(self) -> Any:
        """The changes; None if there are none."""
        answer = self.ask()
        self.cursor = answer["X-Cursor"]
        return answer.json()["changes"] if answer.status_code == 200 else None

    def sees(self) -> list[tuple[str, int | None, int | None]]:
        return [(change["action"], change["task"], change["annotation"]) for change in self.look() or ()]


def test_a_verdict_is_told_to_those_who_may_read_it(house):
    people = (house.lead, house.reviewer2, house.annotator, house.annotator2, house.stranger, house.admin)
    watchers = {user.first_name: Watcher(user) for user in people}

    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue", comment="No")

    verdict = ("annotation_rejected", house.task.pk, house.annotation.pk)
    assert {name: watcher.sees() for name, watcher in watchers.items()} == {
        "Lead": [verdict],
        "Reviewer2": [verdict],
        "Annotator": [verdict],
        "Annotator2": [],
        "Stranger": [],
        "Admin": [verdict],
    }


def test_the_answer_says_what_to_read_again_and_how_much_waits(house):
    watcher = Watcher(house.annotator, inbox="true")
    reviewed(house.annotation, house.reviewer, "rejected", reject_action="requeue", comment="No")

    answer = watcher.ask()

    event = Event.objects.get(action="ANNOTATION_REJECTED")
    body = answer.json()
    assert body["inbox"]["returned"] == {"number": 1, "is_estimate": False}
    assert {key: body[key] for key in body if key != "inbox"} == {
        "cursor": answer["X-Cursor"],
        "changes": [
            {
                "kind": "annotation",
                "action": "annotation_rejected",
                "project": house.project.pk,
                "task": house.task.pk,
                "annotation": house.annotation.pk,
                "at": event.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            }
        ],
        "more": False,
        "reset": False,
    }


def test_nothing_new_is_a_304_without_a_body_in_one_statement(house):
    watcher = Watcher(house.reviewer)
    watcher.look()
    reviewed(house.annotation, house.reviewer2)  # in the event table, so that there is something to skip
    watcher.look()

    with CaptureQueriesContext(connection) as statements:
        answer = watcher.client.get(PAGE, {"after": watcher.cursor})

    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (304, b"", "no-store")
    assert len([one for one in statements if "webhooks_event" in one["sql"]]) == 1
    assert [one["sql"] for one in statements if "memberships" in one["sql"]] == []


def test_what_others_do_is_no_change_to_an_annotator(house):
    watcher = Watcher(house.annotator2)

    reviewed(house.annotation, house.reviewer)  # which also makes the task reviewed
    comments.create(house.annotation, "Well seen", actor=house.reviewer)
    answer = watcher.ask()

    assert (answer.status_code, answer.content) == (304, b"")


def test_objects_that_are_gone_are_told_to_those_who_had_them(house):
    watchers = [Watcher(house.annotator), Watcher(house.annotator2), Watcher(house.reviewer)]

    annotations.delete(house.annotation.pk, actor=house.lead)

    told = ("annotations_deleted", house.task.pk, house.annotation.pk)
    assert [watcher.sees() for watcher in watchers] == [[told], [], [told]]


def test_changes_of_one_object_are_one_change(house):
    watcher = Watcher(house.reviewer2)

    for verdict in ("accepted", "rejected", "accepted"):
        reviewed(house.annotation, house.reviewer, verdict)

    assert watcher.sees() == [
        ("annotation_accepted", house.task.pk, house.annotation.pk),
        ("task_reviewed", house.task.pk, None),
    ]


def test_only_the_project_that_was_asked_for(house):
    other = project(lead=house.lead, title="Other")
    watcher = Watcher(house.lead, project=house.project.pk)

    made = task(other)
    unseen = watcher.look()
    projects.update(house.project, {"title": "Renamed"}, actor=house.lead)

    assert watcher.sees() == [("project_updated", None, None)]
    assert (unseen, made.project_id) == (None, other.pk)
    assert client_of(house.reviewer).get(PAGE, {"project": other.pk}).status_code == 404
    assert client_of(house.admin).get(PAGE, {"project": 10**9}).status_code == 404


def test_many_tasks_are_one_change_without_ids(house):
    watcher = Watcher(house.lead)

    rows = [{"data": {"text": str(number)}} for number in range(60)]
    task_service.create_many(house.project, rows, actor=house.lead)

    assert watcher.sees() == [("tasks_created", None, None)]


def test_a_page_is_bounded_and_the_next_one_continues(house, monkeypatch):
    monkeypatch.setattr(updates, "SCANNED", 2)
    watcher = Watcher(house.lead)
    made = [task(house.project, text=str(number)) for number in range(5)]

    pages = []
    while (answer := watcher.ask()).status_code == 200:
        watcher.cursor = answer["X-Cursor"]
        pages.append(([change["task"] for change in answer.json()["changes"]], answer.json()["more"]))

    assert pages == [
        ([made[0].pk, made[1].pk], True),
        ([made[2].pk, made[3].pk], True),
        ([made[4].pk], False),
    ]


@pytest.mark.parametrize("cursor", ["x", "5", "gAAAA", "é" * 30, "A" * 100])
def test_what_is_no_cursor_is_refused(house, cursor):
    answer = client_of(house.lead).get(PAGE, {"after": cursor})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


def test_a_cursor_older_than_the_events_asks_to_read_everything(house, monkeypatch):
    watcher = Watcher(house.lead)
    monkeypatch.setattr(updates, "KEPT_SECONDS", -1)

    body = watcher.ask().json()

    assert (body["reset"], body["changes"]) == (True, [])


def test_a_cursor_names_no_position(house):
    """Positions count what happens on the whole site."""
    first, second = (updates.cursor_at(5) for _ in range(2))

    assert first != second
    assert updates.read_cursor(first)[0] == updates.read_cursor(second)[0] == 5


def test_every_action_is_told_or_deliberately_not():
    assert updates.KINDS.keys() | updates.NOT_TOLD == CATALOGUE.keys()
    assert not updates.KINDS.keys() & updates.NOT_TOLD


@pytest.mark.parametrize("changes", [1, 3])
def test_the_number_of_statements_does_not_depend_on_the_changes(house, changes):
    watcher = Watcher(house.reviewer)
    for number in range(changes):
        annotation(task(house.project, text=str(number)), house.annotator)
    outbox.assign_positions()

    with CaptureQueriesContext(connection) as statements:
        answer = watcher.client.get(PAGE, {"after": watcher.cursor})

    assert len(answer.json()["changes"]) == 2 * changes
    assert len(statements) == 5  # token, roles, events, tasks, annotations


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_late_is_not_missed():
    """Its event has a lower id than one that the reader has already been told."""
    house = build_house()
    watcher = Watcher(house.lead)
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
    early = watcher.sees()
    finish.set()
    thread.join()
    late = watcher.sees()

    assert ("annotation_accepted", house.task.pk, house.annotation.pk) in early
    assert [action for action, _, _ in late] == ["tasks_created"]
    accepted = Event.objects.get(action="ANNOTATION_ACCEPTED")
    assert Event.objects.get(tasks=[late[0][1]]).pk < accepted.pk
