"""Deleting a task or a project tells consumers what deleting its annotations would."""

import json

import pytest

from reviews.models import Review
from tasks.models import Annotation, Import, Project, Task
from tasks.services import annotations, cleanup, projects, restoring, tasks
from tests.factories import annotation, result, reviewed, task
from webhooks.models import Event


def told(since: int) -> list[tuple[str, dict]]:
    """Actions and bodies of the events after this one, in order."""
    rows = Event.objects.filter(pk__gt=since).order_by("pk").values_list("action", "body")
    return [(action, json.loads(body)) for action, body in rows]


def newest() -> int:
    return Event.objects.latest("pk").pk


@pytest.fixture
def decided(house) -> Review:
    annotation(house.task, house.annotator2)
    task(house.project)
    return reviewed(house.annotation, house.reviewer).review


def one_task(house) -> None:
    tasks.delete_many(house.project, [house.task.pk], actor=house.lead)


def many_tasks(house) -> None:
    ids = list(Task.objects.values_list("pk", flat=True))
    tasks.delete_many(house.project, ids, actor=house.lead)


def its_project(house) -> None:
    projects.delete(house.project, actor=house.lead)


DELETED = {one_task: "TASKS_DELETED", many_tasks: "TASKS_DELETED", its_project: "PROJECT_DELETED"}


@pytest.mark.parametrize("delete", DELETED)
def test_verdicts_are_withdrawn_then_the_task_is_unreviewed_then_it_is_gone(house, decided, delete):
    since = newest()

    delete(house)

    (first, withdrawn), (second, unreviewed), *rest = told(since)
    assert (first, second, [action for action, _ in rest]) == (
        "ANNOTATION_REVIEW_WITHDRAWN",
        "TASK_UNREVIEWED",
        [DELETED[delete]],
    )
    assert (withdrawn["reason"], withdrawn["review"]["id"]) == ("deleted", decided.pk)
    assert (withdrawn["annotation"]["id"], withdrawn["annotation"]["last_action"]) == (
        house.annotation.pk,
        "updated",
    )
    assert withdrawn["task"]["reviewed"] is unreviewed["task"]["reviewed"] is False
    assert withdrawn["annotation_seq"] == Annotation.objects.get(pk=house.annotation.pk).annotation_seq


def test_the_verdict_is_there_again_with_its_task(house, decided):
    one_task(house)
    before, since = Annotation.objects.get(pk=house.annotation.pk).annotation_seq, newest()

    restoring.restore_tasks([house.task.pk], actor=house.lead)

    events = told(since)
    assert [action for action, _ in events] == ["TASKS_CREATED", "ANNOTATION_UPDATED", "TASK_REVIEWED"]
    assert events[1][1]["annotation"]["last_action"] == "accepted"
    assert events[1][1]["annotation_seq"] == before + 1
    assert Annotation.objects.get(pk=house.annotation.pk).standing_review_id == decided.pk


def test_deleted_objects_are_named_in_every_way_a_consumer_may_know_them(house):
    Task.objects.update(external_id="mine-7")
    for delete, key, row in (
        (lambda: annotations.delete(house.annotation.pk, actor=house.lead), "annotations", house.annotation),
        (lambda: one_task(house), "tasks", house.task),
    ):
        delete()
        _, body = told(newest() - 1)[-1]
        (item,) = body[key]
        assert (item["id"], item["unique_id"]) == (row.pk, str(row.unique_id))
        assert item["external_id"] == ("mine-7" if key == "tasks" else None)
        assert body["project"] == {"id": house.project.pk, "title": house.project.title}


def first_version(house) -> int:
    return Annotation.objects.get(pk=house.annotation.pk).current_version_id


@pytest.mark.parametrize(
    "change",
    [
        lambda h: annotations.edit(h.annotation.pk, {"result": result("B")}, actor=h.annotator),
        lambda h: annotations.edit(h.annotation.pk, {"was_cancelled": True}, actor=h.annotator),
        lambda h: annotations.edit(h.annotation.pk, {"lead_time": 3}, actor=h.annotator),
        lambda h: reviewed(h.annotation, h.reviewer, "fixed_and_accepted"),
        lambda h: tasks.update(h.task.pk, {"data": {"text": "B"}}, actor=h.lead),
    ],
    ids=["edit", "skip", "no version", "fix", "data"],
)
def test_an_update_names_the_version_before(house, change):
    before = first_version(house)

    change(house)

    (body,) = (body for action, body in told(0) if action == "ANNOTATION_UPDATED")
    assert body["previous_annotation_history"] == before
    changed = Annotation.objects.get(pk=house.annotation.pk)
    assert (changed.current_version_id == before) == (changed.version == 1)


def test_deleting_costs_the_same_statements_however_many_verdicts(house, django_assert_max_num_queries):
    for _ in range(5):
        one = task(house.project)
        reviewed(annotation(one, house.annotator), house.reviewer)
    with django_assert_max_num_queries(40):
        many_tasks(house)
    assert [action for action, _ in told(0)].count("ANNOTATION_REVIEW_WITHDRAWN") == 5


def test_an_undone_import_withdraws_too(house, decided):
    record = Import.objects.create(project=house.project, created_by=house.lead)
    Task.objects.filter(pk=house.task.pk).update(imported_by=record)
    since = newest()

    cleanup.delete_import(record, actor=house.lead, force=True)

    assert [action for action, _ in told(since)][0] == "ANNOTATION_REVIEW_WITHDRAWN"
    assert Project.objects.get(pk=house.project.pk).deleted_at is None
