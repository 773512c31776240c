"""What was deleted, who deleted it, and until when it can be restored."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.services import annotations, projects, restoring, tasks
from tests.factories import annotation, client_of, task


def wire(at) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_the_trash_of_a_project_says_who_deleted_what_and_until_when(house):
    second = task(house.project, text="second")
    annotations.delete(house.annotation.pk, actor=house.annotator)
    tasks.delete_many(house.project, [second.pk], actor=house.lead)
    house.annotation.refresh_from_db()
    second.refresh_from_db()

    page = client_of(house.lead).get(f"/api/projects/{house.project.pk}/trash/").json()

    def row(kind, one, on, by):
        until = wire(one.deleted_at + restoring.RESTORABLE)
        about = {"kind": kind, "id": one.pk, "project": house.project.pk, "task": on}
        return about | {"deleted_at": wire(one.deleted_at), "deleted_by": by.pk, "restorable_until": until}

    assert page["results"] == [
        row("task", second, second.pk, house.lead),
        row("annotation", house.annotation, house.task.pk, house.annotator),
    ]
    assert page["count"] == 2


def test_what_is_in_the_trash_can_be_restored_and_leaves_it(house):
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)
    client, trash = client_of(house.lead), f"/api/projects/{house.project.pk}/trash/"

    deleted = client.get(f"/api/tasks/?project={house.project.pk}&deleted=true").json()["tasks"]
    restored = client.post(f"/api/tasks/{house.task.pk}/restore/")

    assert [one["id"] for one in deleted] == [house.task.pk]
    assert restored.status_code == 200
    assert client.get(trash).json()["results"] == []
    assert client.get("/api/tasks/?deleted=true").json()["tasks"] == []


def test_deleted_projects_are_listed_for_their_managers(house):
    projects.delete(house.project, actor=house.lead)
    house.project.refresh_from_db()

    by = {
        user.first_name: client_of(user).get("/api/trash/").json()["results"]
        for user in (house.lead, house.admin, house.reviewer, house.stranger)
    }

    row = {
        "kind": "project",
        "id": house.project.pk,
        "project": house.project.pk,
        "task": None,
        "deleted_at": wire(house.project.deleted_at),
        "deleted_by": house.lead.pk,
        "restorable_until": wire(house.project.deleted_at + restoring.RESTORABLE),
    }
    assert by == {"Lead": [row], "Admin": [row], "Reviewer": [], "Stranger": []}
    listed = client_of(house.lead).get("/api/projects/?deleted=true").json()["results"]
    assert [one["id"] for one in listed] == [house.project.pk]
    assert client_of(house.reviewer).get("/api/projects/?deleted=true").json()["results"] == []


@pytest.mark.parametrize(("who", "status"), [("reviewer", 403), ("annotator", 403), ("stranger", 404)])
def test_only_managers_read_the_trash(house, who, status):
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)
    client = client_of(getattr(house, who))

    assert client.get(f"/api/projects/{house.project.pk}/trash/").status_code == status
    assert client.get("/api/tasks/?deleted=true").json()["tasks"] == []


def test_the_trash_takes_as_many_statements_for_three_as_for_one(house):
    client, counts = client_of(house.lead), []
    client.get("/api/trash/")
    for number in range(3):
        made = annotation(task(house.project, text=str(number)), house.annotator)
        annotations.delete(made.pk, actor=house.lead)
        tasks.delete_many(house.project, [made.task_id], actor=house.lead)
        other = annotation(task(house.project, text=f"kept {number}"), house.annotator)
        annotations.delete(other.pk, actor=house.lead)
        with CaptureQueriesContext(connection) as statements:
            page = client.get(f"/api/projects/{house.project.pk}/trash/").json()
        counts.append(len(statements))

    assert (len(page["results"]), len(set(counts))) == (6, 1)
