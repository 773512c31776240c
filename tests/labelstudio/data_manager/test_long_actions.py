"""Actions on more tasks than one transaction should hold: a job does them part by part."""

import pytest

from jobs import runner
from jobs.models import Job, State
from reviews import bulk
from reviews.models import BulkReview, Review
from tasks.models import Annotation, Assignment, Task
from tasks.services import members
from tests import factories
from tests.factories import client_of
from tests.snapshots import assert_all_true

# A running job uses a second connection.
pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = {"selectedItems": {"all": True, "excluded": []}}


@pytest.fixture(autouse=True)
def few(monkeypatch) -> None:
    """Two are as many as one transaction may hold."""
    monkeypatch.setattr("labelstudio.data_manager.action_base.CHUNK", 2)
    monkeypatch.setattr(bulk, "LIMIT", 2)
    monkeypatch.setattr(runner, "send", lambda job_id: None)


@pytest.fixture
def five(house) -> list[Task]:
    """Tasks with an annotation each."""
    made = [house.task, *(factories.task(house.project) for _ in range(4))]
    for task in made[1:]:
        factories.annotation(task, house.annotator)
    return made


def act(house, name: str, by: str = "lead", **body):
    url = f"/api/dm/actions?project={house.project.pk}&id={name}"
    return client_of(getattr(house, by)).post(url, EVERYTHING | body, format="json")


def steps(number: int = 10) -> Job:
    job = Job.objects.latest("id")
    for _ in range(number):
        runner.run_step(job.pk)
    job.refresh_from_db()
    return job


def test_a_long_action_is_answered_with_a_job_and_done_in_parts(house, five):
    answer = act(house, "delete_tasks")
    first = steps(1)
    left = Task.objects.filter(deleted_at=None).count()
    job = steps()

    assert (answer.status_code, answer.json()) == (
        202,
        {
            "processed_items": 0,
            "detail": f"This takes a moment. Job {job.pk} reports when it is done.",
            "async": True,
            "job": {"id": job.pk, "url": f"/api/jobs/{job.pk}/"},
        },
    )
    assert (first.done, left, first.sentence) == (2, 3, "Delete tasks: 2 of 5 tasks")
    assert (job.state, job.report) == (
        State.SUCCEEDED,
        {"processed_items": 5, "detail": "Delete tasks: 5.", "refused": {}},
    )
    assert not Task.objects.filter(deleted_at=None).exists()


@pytest.mark.parametrize(
    "name",
    [
        "delete_tasks_annotations",
        "delete_tasks_predictions",
        "delete_ground_truths",
        "predictions_to_annotations",
        "assign_reviewers",
        "delete_reviewers",
    ],
)
def test_every_action_goes_on_after_its_first_part(house, five, name):
    act(house, name, users=[house.reviewer.pk])

    job = steps()

    assert (job.state, job.done) == (State.SUCCEEDED, 5)
    assert Assignment.objects.count() == (5 if name == "assign_reviewers" else 0)
    assert_all_true(house.project)


def test_a_cancelled_one_keeps_what_it_did(house, five):
    act(house, "delete_tasks_annotations")
    steps(1)

    runner.cancel(Job.objects.get())

    assert steps().state == State.CANCELLED
    assert Annotation.objects.filter(deleted_at=None).count() == 3


def test_what_the_action_would_refuse_is_refused_at_once(house, five):
    answer = act(house, "assign_reviewers", users=[house.stranger.pk])

    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_person")
    assert not Job.objects.exists()


def test_whoever_may_no_longer_do_it_does_no_more(house, five):
    factories.member(house.project, "MA", "deputy")
    house.deputy = house.project.memberships.get(user__email="deputy@example.org").user
    act(house, "delete_tasks", by="deputy")
    steps(1)
    members.set_role(house.project, house.deputy, "RE")

    job = steps()

    assert (job.state, job.error["code"]) == (State.FAILED, "permission_denied")
    assert Task.objects.filter(deleted_at=None).count() == 3


def test_a_long_review_is_one_bulk_action(house, five):
    answer = act(house, "accept_tasks_annotations", by="reviewer")
    job = steps()

    (made,) = BulkReview.objects.all()
    assert (answer.status_code, answer.json()["bulk_reviews"]) == (202, [made.pk])
    assert (job.state, job.report["detail"]) == (State.SUCCEEDED, "Accepted: 5.")
    assert Review.objects.filter(bulk=made).count() == 5
    assert_all_true(house.project)
