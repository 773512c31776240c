"""Bringing back what was deleted."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from reviews import comments
from tasks.models import Annotation, History, Project, Task
from tasks.services import annotations, projects, tasks
from tasks.totals import totals_of
from tests.factories import client_of, reviewed, task

KINDS = ("project", "task", "annotation")
DELETE = {
    "project": lambda h: projects.delete(h.project, actor=h.lead),
    "task": lambda h: tasks.delete_many(h.project, [h.task.pk], actor=h.lead),
    "annotation": lambda h: annotations.delete(h.annotation.pk, actor=h.lead),
}
MODELS = {"project": Project, "task": Task, "annotation": Annotation}


def restore(house, kind: str, by=None):
    return client_of(by or house.lead).post(f"/api/{kind}s/{getattr(house, kind).pk}/restore/")


def is_deleted(house, kind: str) -> bool:
    return MODELS[kind].objects.get(pk=getattr(house, kind).pk).deleted_at is not None


def no_drift() -> bool:
    out = io.StringIO()
    call_command("recount", check=True, stdout=out, verbosity=0)
    return out.getvalue().startswith("no drift")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("who", "status"),
    [("lead", 200), ("admin", 200), ("reviewer", 403), ("annotator", 403), ("stranger", 404)],
)
def test_managers_bring_back_what_was_deleted(house, kind, who, status):
    DELETE[kind](house)

    answer = restore(house, kind, by=getattr(house, who))

    assert (answer.status_code, is_deleted(house, kind)) == (status, status != 200)
    assert no_drift()
    if status == 200:
        assert answer.json() == {"id": getattr(house, kind).pk, "project": house.project.pk}
        assert client_of(house.lead).get(f"/api/{kind}s/{getattr(house, kind).pk}/").status_code == 200


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_deleted_needs_no_restoring(house, kind):
    answer = restore(house, kind)

    assert (answer.status_code, answer.json()["code"]) == (400, "not_deleted")


@pytest.mark.parametrize("kind", KINDS)
def test_after_thirty_days_it_is_too_late(house, kind):
    DELETE[kind](house)
    MODELS[kind].objects.update(deleted_at=timezone.now() - timedelta(days=30, minutes=1))

    answer = restore(house, kind)

    assert (answer.status_code, answer.json()["code"], is_deleted(house, kind)) == (400, "too_late", True)


@pytest.mark.parametrize("url", ["projects", "tasks", "annotations"])
def test_what_never_was_is_not_found(house, url):
    assert client_of(house.lead).post(f"/api/{url}/999999/restore/").status_code == 404


@pytest.mark.parametrize(
    ("kind", "parent"), [("task", "project"), ("annotation", "project"), ("annotation", "task")]
)
def test_parents_come_back_first(house, kind, parent):
    DELETE[kind](house)
    DELETE[parent](house)

    answer = restore(house, kind)

    assert (answer.status_code, answer.json()["code"], is_deleted(house, kind)) == (
        400,
        "parent_deleted",
        True,
    )


def test_task_comes_back_with_its_verdicts(house):
    reviewed(house.annotation, house.reviewer)
    DELETE["task"](house)
    assert totals_of([house.project.pk])[house.project.pk]["tasks"] == 0

    restore(house, "task")

    house.annotation.refresh_from_db()
    assert house.annotation.last_action == "accepted"
    totals = totals_of([house.project.pk])[house.project.pk]
    assert (totals["tasks"], totals["accepted"], totals["reviewed"]) == (1, 1, 1)
    assert no_drift()


def test_task_comes_back_to_the_settings_of_today(house):
    reviewed(house.annotation, house.reviewer, "rejected", comment="No", reject_action="remove")
    DELETE["task"](house)
    projects.update(house.project, {"review_criteria": "all"}, actor=house.lead)

    restore(house, "task")

    assert Task.objects.get().reviewed
    assert no_drift()


def test_annotation_comes_back_unreviewed_with_its_comments(house):
    reviewed(house.annotation, house.reviewer)
    comments.create(house.annotation, "Well done", actor=house.reviewer)
    DELETE["annotation"](house)

    restore(house, "annotation")

    house.annotation.refresh_from_db()
    restored = Task.objects.get()
    assert (house.annotation.last_action, house.annotation.standing_review_id) == ("updated", None)
    assert (restored.total_annotations, restored.reviews_accepted, restored.comment_count) == (1, 0, 1)
    assert History.objects.filter(annotation=house.annotation).order_by("-pk")[0].action == "restored"


def test_name_that_was_given_away_keeps_it_deleted(house):
    Task.objects.update(external_id="letter-1")
    DELETE["task"](house)
    other = task(house.project)
    Task.objects.filter(pk=other.pk).update(external_id="letter-1")

    answer = restore(house, "task")

    assert (answer.status_code, answer.json()["code"], is_deleted(house, "task")) == (400, "name_taken", True)
