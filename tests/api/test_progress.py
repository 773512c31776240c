"""How far a project is, from stored counters."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tasks.models import Task
from tasks.services import projects
from tests.factories import annotation, client_of, reviewed, task


def asked(user, path: str) -> tuple[dict, int]:
    """The answer, and how many queries it took."""
    client = client_of(user)
    with CaptureQueriesContext(connection) as queries:
        body = client.get(path).json()
    return body, len(queries)


def test_progress_adds_up(house):
    reviewed(house.annotation, house.reviewer)
    returned = annotation(task(house.project, text="Returned"), house.annotator)
    reviewed(returned, house.reviewer, "rejected", reject_action="requeue")
    annotation(task(house.project, text="Waiting"), house.annotator)
    unsampled = task(house.project, text="Not drawn")
    projects.update(house.project, {"review_task_limit_percent": 75}, actor=house.lead)

    body, _ = asked(house.lead, f"/api/projects/{house.project.pk}/progress/")

    done = (
        Task.objects.filter(reviewed=True).count()
        + Task.objects.filter(reviewed=False, review_required=False).count()
    )
    in_review = 0 if not Task.objects.get(data__text="Waiting").review_required else 1
    assert unsampled.project_id and body == {
        "project": house.project.pk,
        "tasks": 4,
        "finished": 3,
        "reviewed": 1,
        "unsampled": 1,
        "done": done,
        "percent": done * 25.0,
        "annotations": 3,
        "skipped": 0,
        "accepted": 1,
        "rejected": 1,
        "in_review": in_review,
        "returned": 1,
        "is_estimate": False,
    }


def test_progress_of_a_project_without_reviews_is_of_labelling(house):
    projects.update(house.project, {"enable_review_workflow": False}, actor=house.lead)
    task(house.project, text="Another")
    body, _ = asked(house.annotator, f"/api/projects/{house.project.pk}/progress/")
    assert (body["done"], body["percent"]) == (1, 50.0)


def test_annotator_reads_the_progress_of_their_own_work(house):
    second = task(house.project, text="Second")
    reviewed(annotation(second, house.annotator, "B"), house.reviewer)
    reviewed(annotation(house.task, house.annotator2), house.reviewer, "rejected")

    body, _ = asked(house.annotator2, f"/api/projects/{house.project.pk}/progress/")

    counted = {
        "tasks": 2,
        "finished": 1,
        "done": 1,
        "percent": 50.0,
        "annotations": 1,
        "rejected": 1,
        "returned": 1,
    }
    assert {name: body[name] for name in counted} == counted
    assert (body["accepted"], body["reviewed"], body["in_review"]) == (0, 0, 0)


def test_progress_is_not_for_strangers(house):
    assert client_of(house.stranger).get(f"/api/projects/{house.project.pk}/progress/").status_code == 404


def test_progress_costs_the_same_for_one_task_and_for_three(house):
    path = f"/api/projects/{house.project.pk}/progress/"
    _, once = asked(house.lead, path)
    for number in (2, 3):
        annotation(task(house.project, text=f"{number}"), house.annotator)
    assert asked(house.lead, path)[1] == once
