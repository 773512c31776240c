"""A change of settings that say what is finished or reviewed: at once for few tasks, by a job for many."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from jobs import runner
from jobs.models import Job, State
from reviews import recalculation
from reviews.sampling import sample_size
from reviews.service import AnnotationReviewService
from tasks.errors import Refused
from tasks.models import Task
from tasks.services import projects
from tests import factories
from tests.factories import House, client_of, reviewed
from tests.parallel import together
from tests.snapshots import assert_counters_true
from webhooks.models import Event as SentEvent

TASKS = 7


@pytest.fixture
def many(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """Seven tasks, which count as many, each with an annotation; every second one is accepted."""
    monkeypatch.setattr(recalculation, "AT_ONCE", 3)
    monkeypatch.setattr(recalculation, "CHUNK", 2)
    monkeypatch.setattr(runner, "send", lambda job_id: None)
    for number in range(TASKS - 1):
        annotation = factories.annotation(factories.task(house.project), house.annotator)
        if number % 2:
            reviewed(annotation, house.reviewer)
    return house


def change(house: House, **settings: Any) -> None:
    house.project = projects.update(house.project, settings, actor=house.lead)


def the_job() -> Job:
    return Job.objects.get(kind="recalculate", state=State.QUEUED)


def flags() -> list[tuple[bool, bool]]:
    return list(Task.objects.order_by("pk").values_list("reviewed", "is_labeled"))


def events_of(action: str) -> int:
    return SentEvent.objects.filter(action=action).count()


def test_few_tasks_follow_within_the_request(house):
    reviewed(house.annotation, house.reviewer)

    body = (
        client_of(house.lead).patch(f"/api/projects/{house.project.pk}/", {"maximum_annotations": 2}).json()
    )

    assert (body["recalculating"], body["finished_task_number"]) == (False, 0)
    assert not Job.objects.exists()
    assert_counters_true(house.project)


def test_many_tasks_follow_by_a_job_and_the_answer_says_so(many):
    lead, before = client_of(many.lead), flags()
    events_before = events_of("TASK_UNREVIEWED")

    body = lead.patch(
        f"/api/projects/{many.project.pk}/",
        {"maximum_annotations": 2, "review_settings": {"review_criteria": "all"}},
    ).json()

    assert (body["recalculating"], body["maximum_annotations"], flags()) == (True, 2, before)
    job = runner.run_now(the_job())
    assert (job.state, job.done, job.total, job.report) == ("succeeded", TASKS, TASKS, {"tasks": TASKS})
    assert lead.get(f"/api/jobs/{job.pk}/").json()["sentence"] == "7 of 7 tasks counted again"
    assert lead.get(f"/api/projects/{many.project.pk}/").json()["recalculating"] is False
    assert flags() == [(False, False)] * TASKS
    assert events_of("TASK_UNREVIEWED") - events_before == 3
    many.project.refresh_from_db()
    assert_counters_true(many.project)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"review_criteria": "all"}),
        ({"review_criteria": "all"}, {"review_criteria": "one"}),
        ({}, {"maximum_annotations": 2}),
        ({"maximum_annotations": 2, "only_finished_tasks": True}, {"maximum_annotations": 1}),
        ({"maximum_annotations": 2}, {"only_finished_tasks": True}),
        ({}, {"enable_review_workflow": False}),
        ({"enable_review_workflow": False}, {"enable_review_workflow": True}),
        ({}, {"review_task_limit_percent": 40}),
        ({"review_task_limit_percent": 40}, {"review_task_limit_percent": 100}),
    ],
)
def test_the_job_derives_what_the_request_would(many, before, after):
    for settings in (before, after):
        change(many, **settings)
        for job in Job.objects.unfinished():
            runner.run_now(job)

    assert_counters_true(many.project)


def test_two_changes_in_quick_succession_are_one_job(many):
    change(many, review_criteria="all")
    change(many, maximum_annotations=2)

    assert the_job().parameters == {"changed": ["maximum_annotations", "review_criteria"]}
    runner.run_now(the_job())
    assert_counters_true(many.project)


def test_a_change_while_the_job_runs_asks_for_another(many, monkeypatch):
    change(many, review_criteria="all")
    meanwhile(monkeypatch, lambda: change(many, review_criteria="one", maximum_annotations=2))
    runner.run_now(the_job())

    assert client_of(many.lead).get(f"/api/projects/{many.project.pk}/").json()["recalculating"] is True
    runner.run_now(the_job())
    assert_counters_true(many.project)


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Once, after the first chunk."""
    derive, acts = recalculation._derive, [act]

    def derive_and_act(*about: Any) -> None:
        derive(*about)
        while acts:
            acts.pop()()

    monkeypatch.setattr(recalculation, "_derive", derive_and_act)


def test_when_its_worker_dies_another_goes_on(many, monkeypatch):
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    change(many, review_criteria="all", maximum_annotations=2)
    meanwhile(monkeypatch, die)
    job = the_job()
    with pytest.raises(Killed):
        runner.run_now(job)
    Job.objects.update(lease_until=timezone.now())

    assert runner.run_now(job).state == State.SUCCEEDED
    assert_counters_true(many.project)


def test_refusals_follow_the_setting_before_the_job_has_run(many):
    change(many, maximum_annotations=2)
    runner.run_now(the_job())
    change(many, only_finished_tasks=True)

    with pytest.raises(Refused, match="has all its annotations") as refused:
        AnnotationReviewService(many.reviewer).accept(many.annotation)

    assert refused.value.code == "task_not_finished"


def test_the_queue_gives_nothing_that_the_setting_forbids(many):
    change(many, enable_review_workflow=False)
    next_item = f"/api/projects/{many.project.pk}/review-queue/next/"

    assert client_of(many.reviewer).get(next_item).json()["annotation"] is None


def test_the_sample_is_exact_although_tasks_come_and_go_meanwhile(many, monkeypatch):
    def come_and_go() -> None:
        for _ in range(4):
            factories.task(many.project)
        client_of(many.lead).delete(f"/api/tasks/{many.task.pk}/")

    change(many, review_task_limit_percent=40)
    come_and_go()
    meanwhile(monkeypatch, come_and_go)
    runner.run_now(the_job())

    present = Task.objects.filter(deleted_at=None)
    assert present.filter(review_required=True).count() == sample_size(present.count(), 40)
    assert_counters_true(many.project)


def test_it_cannot_be_cancelled(many):
    change(many, review_criteria="all")

    answer = client_of(many.lead).post(f"/api/jobs/{the_job().pk}/cancel/")

    assert (answer.status_code, answer.json()["code"]) == (400, "not_cancellable")
    assert the_job().cancel_requested_at is None


def setting(begun: Event, derive: Callable[..., None]) -> Callable[..., None]:
    def derive_then(*about: Any) -> None:
        begun.set()
        derive(*about)

    return derive_then


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_job_longer_than_for_a_chunk(many, monkeypatch):
    """It waits itself, for a task that somebody has locked; settings and other tasks are free meanwhile."""
    change(many, review_criteria="all")
    job = the_job()
    last, waits = Task.objects.order_by("pk").last(), Event()
    monkeypatch.setattr(recalculation, "_derive", setting(waits, recalculation._derive))

    def work_meanwhile() -> None:
        with transaction.atomic():
            Task.objects.lock([last.pk]).get()
            waits.wait(20)
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '1s'")
            factories.task(many.project)
            change(many, title="Another title")
            reviewed(many.annotation, many.reviewer)

    together([lambda: runner.run_now(job), work_meanwhile])

    assert_counters_true(many.project)
