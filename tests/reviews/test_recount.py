"""manage.py recount and purge."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from reviews import comments
from reviews.models import Comment, Review, TaskReviewer
from tasks import totals
from tasks.models import Annotation, History, Project, ProjectDelta, Task, TaskAnnotator
from tasks.services import annotations, projects, tasks
from tests import factories


def run(command: str, **options) -> str:
    out = io.StringIO()
    call_command(command, stdout=out, verbosity=0, **options)
    return out.getvalue()


@pytest.fixture
def reviewed_house(house) -> factories.House:
    factories.reviewed(house.annotation, house.reviewer, "rejected", comment="No")
    return house


def test_services_cause_no_drift(reviewed_house):
    assert run("recount", check=True) == "no drift: 1 projects, 1 tasks\n"


def test_comments_on_a_deleted_annotation_are_not_counted(house):
    other = factories.annotation(house.task, house.annotator2)
    comments.create(house.annotation, "Look again", actor=house.reviewer)
    comments.create(other, "And here", actor=house.reviewer)

    annotations.delete(house.annotation.pk, actor=house.lead)

    task = Task.objects.get()
    assert (task.comment_count, task.unresolved_comment_count) == (1, 1)
    assert task.last_comment_updated_at == Comment.objects.get(annotation=other).updated_at
    assert run("recount", check=True).startswith("no drift")


TASK_DRIFT = {
    "total_annotations": 7,
    "cancelled_annotations": 7,
    "total_predictions": 7,
    "is_labeled": False,
    "reviewed": True,
    "reviews_accepted": 7,
    "reviews_rejected": 0,
    "comment_count": 7,
    "unresolved_comment_count": 0,
    "final_state": "gold",
}


@pytest.mark.parametrize(("counter", "wrong"), TASK_DRIFT.items())
def test_wrong_counter_is_found_and_repaired(reviewed_house, counter, wrong):
    Task.objects.update(**{counter: wrong})

    with pytest.raises(CommandError):
        run("recount", check=True)
    assert getattr(Task.objects.get(), counter) == wrong

    assert f"{counter} is {wrong}, counted " in run("recount")
    assert run("recount", check=True).startswith("no drift")


def test_a_wrong_answer_is_found_and_repaired(reviewed_house):
    Task.objects.update(final_annotation=reviewed_house.annotation)

    assert f"final_annotation_id is {reviewed_house.annotation.pk}, counted None" in run("recount")
    assert run("recount", check=True).startswith("no drift")


@pytest.mark.parametrize("model", [TaskAnnotator, TaskReviewer])
@pytest.mark.parametrize("too_many", [True, False])
def test_wrong_people_are_found_and_repaired(reviewed_house, model, too_many):
    house = reviewed_house
    if too_many:
        model.objects.create(project=house.project, user=house.stranger, task=house.task)
    else:
        model.objects.all().delete()

    with pytest.raises(CommandError):
        run("recount", check=True)
    run("recount")

    assert run("recount", check=True).startswith("no drift")


def test_wrong_totals_are_found_and_repaired(reviewed_house):
    ProjectDelta.objects.create(project_id=reviewed_house.project.pk, reviewed=5)

    with pytest.raises(CommandError):
        run("recount", check=True)
    assert "totals: reviewed is 5, counted 0" in run("recount")

    totals.fold()
    assert run("recount", check=True).startswith("no drift")


def test_a_verdict_without_a_review_is_found_but_not_repaired(house):
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no triggers
        Annotation.objects.update(last_action="accepted")
        cursor.execute("SET session_replication_role = origin")

    with pytest.raises(CommandError, match="verdicts have no standing review"):
        run("recount")

    assert Annotation.objects.get().last_action == "accepted"


def test_only_the_named_project_is_counted(reviewed_house):
    other = factories.project()
    Task.objects.update(total_annotations=7)

    assert run("recount", check=True, project=other.pk) == "no drift: 1 projects, 0 tasks\n"


# --- purge ------------------------------------------------------------------------------------------


def long_ago(model, **which) -> None:
    model.objects.filter(**which).update(deleted_at=timezone.now() - timedelta(days=31))


def test_purge_removes_old_deleted_rows_with_their_contents(reviewed_house):
    house = reviewed_house
    annotations.delete(house.annotation.pk, actor=house.lead)
    long_ago(Annotation, pk=house.annotation.pk)

    said = run("purge")

    assert said == "1 annotations\n0 tasks\n0 projects\n"
    assert not Annotation.objects.exists() and not History.objects.exists() and not Review.objects.exists()
    assert run("recount", check=True).startswith("no drift")


def test_purge_removes_tasks_and_projects(reviewed_house):
    house = reviewed_house
    gone = factories.task(house.project)
    factories.reviewed(factories.annotation(gone, house.annotator), house.reviewer)
    tasks.delete_many(house.project, [gone.pk], actor=house.lead)
    long_ago(Task, pk=gone.pk)

    assert run("purge") == "1 annotations\n1 tasks\n0 projects\n"

    projects.delete(house.project, actor=house.lead)
    long_ago(Project, pk=house.project.pk)

    assert run("purge") == "1 annotations\n1 tasks\n1 projects\n"
    assert not Project.objects.exists() and not History.objects.exists()


def test_purge_leaves_what_is_restorable(reviewed_house):
    annotations.delete(reviewed_house.annotation.pk, actor=reviewed_house.lead)

    assert run("purge") == "0 annotations\n0 tasks\n0 projects\n"
    assert Review.objects.count() == 1
    assert run("purge", days=0) == "1 annotations\n0 tasks\n0 projects\n"
